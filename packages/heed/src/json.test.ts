import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { duplicateKey, parseJson, quote } from './json.js'

test('a JSON error is one line that names the file', () => {
  expect(() => parseJson('{"a":\n\n}\n', 'config.json')).toThrow(/^config\.json: not valid JSON: .+$/)
  expect(() => parseJson('{"a":\n\n}\n', 'config.json')).not.toThrow(/\n/)
})

test('duplicateKey finds a key that two spellings share, at the two outer levels', () => {
  expect(duplicateKey('{"a":1,"b":{"a":2},"c":["a","a"]}')).toBeUndefined()
  expect(duplicateKey('{"a":1, "\\u0061" : 2}')).toBe('a')
  expect(duplicateKey('{"t":{"dtype":"F32","shape":[],"dtype":"U8"}}')).toBe('dtype')
  expect(duplicateKey('{"a":"\\"a\\":","b":"}","":0}')).toBeUndefined()
  expect(duplicateKey('{"a":{"k":1},"b":{"k":1}}')).toBeUndefined()
})

test('no object that JSON.stringify writes has a duplicate key', () => {
  fc.assert(fc.property(fc.json(), (json) => void expect(duplicateKey(json)).toBeUndefined()))
})

test('quote stays on one line, short and shallow', () => {
  expect(quote('a\nb\u009bc\u2028')).toBe('"a\\nb\\u009bc\\u2028"')
  expect(quote('x'.repeat(1000)).length).toBeLessThan(100)
  expect(quote([1, [2], 'a', null, {}])).toBe('[1, a list, "a", null, an object]')
  expect(quote(Array(100).fill(1))).toBe('[1, 1, 1, 1, 1, 1, 1, 1, …]')
  expect(quote(undefined)).toBe('nothing')
})
