import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { jsonPieces } from './json.js'

it('gives what JSON.stringify gives, whatever the document', () => {
  const plain = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.boolean(),
    fc.constantFrom(null, undefined, -Infinity),
  )
  const { document } = fc.letrec((tie) => ({
    document: fc.oneof(
      { maxDepth: 4 },
      plain,
      fc.array(tie('document'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('document'), { maxKeys: 4 }),
    ),
  }))
  const whole = fc.record({ maps: document })
  fc.assert(
    fc.property(whole, (document) => {
      expect([...jsonPieces(document)].join('')).toBe(JSON.stringify(document))
    }),
  )
})

it('has no piece longer than a row', () => {
  const weights = Array.from({ length: 300 }, () => Array<number>(200).fill(1 / 3))
  const pieces = [...jsonPieces({ text: 'a', maps: [{ site: 'x', weights, m: weights[0] }] })]
  const row = JSON.stringify(weights[0])
  expect(pieces.every(({ length }) => length <= row.length)).toBe(true)
  expect(pieces.filter((piece) => piece === row)).toHaveLength(301)
})
