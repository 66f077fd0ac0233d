import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { coded } from '../testing/index.js'
import { knownMap } from '../testing/known-map.js'
import { detectHead, type DetectOptions } from './index.js'

/** Scores by TransformerLens's definition: tools/goldens/detectors.py. */
const golden = JSON.parse(readFileSync(new URL('detectors.golden.json', import.meta.url), 'utf8')) as {
  ids: number[]
  weights: number[][]
  scores: (DetectOptions & { score: number; rounded?: number })[]
}[]

describe.each(golden.map((one, n) => ({ ...one, n })))('random map $n', ({ ids, weights, scores }) => {
  it('has the scores of TransformerLens', async () => {
    const causal = weights[0].slice(1).every((w) => w === 0)
    using known = knownMap(weights, { options: { causal } })
    expect(scores).toHaveLength(24)
    for (const { score, rounded, ...options } of scores) {
      const got = await detectHead(known.map, ids, options)
      expect(Math.abs(got - score), JSON.stringify(options)).toBeLessThan(1e-6)
      if (rounded !== undefined) expect(Math.abs(got - rounded)).toBeLessThan(5.1e-4)
    }
  })

  it('with mul they are the means of the measures', async () => {
    using known = knownMap(weights, {
      options: { causal: weights[0].slice(1).every((w) => w === 0) },
    })
    const { means } = await known.map.stats({ ids })
    for (const pattern of ['previous', 'duplicate', 'induction'] as const)
      expect(means[pattern]).toBeCloseTo(await detectHead(known.map, ids, { pattern }), 6)
  })
})

test('by hand: the first token comes again, and its follower is looked at', async () => {
  const weights = [
    [1, 0, 0],
    [0.25, 0.75, 0],
    [0.5, 0.25, 0.25],
  ]
  using known = knownMap(weights, { options: { causal: true } })
  const score = (options: DetectOptions) => detectHead(known.map, [5, 7, 5], options)
  // Of 3 in all 0.25 + 0.25 lie on the previous token; 0.5 on the same token; 0.25 on what followed it.
  expect(await score({ pattern: 'previous' })).toBeCloseTo(0.5 / 3, 6)
  expect(await score({ pattern: 'duplicate' })).toBeCloseTo(0.5 / 3, 6)
  expect(await score({ pattern: 'induction' })).toBeCloseTo(0.25 / 3, 6)
  // Without the first key 1.25 is left.
  expect(await score({ pattern: 'induction', excludeBos: true })).toBeCloseTo(0.25 / 1.25, 6)
  // |w − D|: row 0 has 1, row 1 0.25 + 0.75, row 2 0.5 + 0.75 + 0.25.
  expect(await score({ pattern: 'induction', measure: 'abs' })).toBeCloseTo(1 - 3.5 / 3, 6)
})

test('refuses cross-attention, other ids and unknown options', async () => {
  const one = [[0.5, 0.5]]
  using cross = knownMap(one, { site: 'decoder.0.cross' })
  await expect(detectHead(cross.map, [1, 2], { pattern: 'previous' })).rejects.toThrow(
    coded('input', 'cross-attention has no previous heads'),
  )
  using self = knownMap(one)
  const detect = (options: object, ids = [1, 2]) => detectHead(self.map, ids, options as DetectOptions)
  await expect(detect({ pattern: 'previous' }, [1])).rejects.toThrow(coded('input', '2 keys'))
  await expect(detect({ pattern: 'next' })).rejects.toThrow(coded('option', 'previous, duplicate, induction'))
  await expect(detect({ pattern: 'previous', measure: 'max' })).rejects.toThrow(
    coded('option', "'mul' or 'abs'"),
  )
})
