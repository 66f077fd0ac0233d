import { expect, it } from 'vitest'
import { describe } from './errors.js'

it('describes an error in one line that is safe to print', () => {
  expect(describe(new Error('one\n  two \x1b[2J'), false)).toBe('one two ␛[2J')
  expect(describe('thrown\nas text', false)).toBe('thrown as text')
})

it('adds the stack and the cause when asked', () => {
  const text = describe(new Error('outer', { cause: new Error('inner') }), true)
  expect(text).toMatch(/^Error: outer\n {4}at /)
  expect(text).toContain('inner')
})
