import { expect, test } from 'vitest'
import { tensor } from '../ops/index.js'
import { coded } from '../testing/index.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { inductionOnRepeats } from './index.js'

/** Weights of a map of one head that looks at `key(i)`. */
const lookingAt = (T: number, key: (i: number) => number) =>
  Array.from({ length: T }, (_, i) =>
    Array.from({ length: T }, (_, j) => Number(j === Math.max(0, key(i)))),
  ).flat()

test('a head that looks at what followed has 1, one that looks at the token before has nothing', async () => {
  using model = tinyGpt2()
  const [L, T] = [5, 10]
  const weights = [...lookingAt(T, (i) => i - L + 1), ...lookingAt(T, (i) => i - 1)]
  const scores = await inductionOnRepeats(model, {
    length: L,
    sequences: 2,
    sites: 'layers.1.self',
    with: [{ sites: 'layers.1.self', attention: () => ({ weights: tensor(weights, [1, 2, T, T]) }) }],
  })
  expect(scores).toEqual([
    { site: 'layers.1.self', head: 0, score: 1 },
    { site: 'layers.1.self', head: 1, score: 0 },
  ])
})

test('a head that looks everywhere alike has the mean of 1 / (i + 1)', async () => {
  using model = tinyGpt2()
  const L = 4
  const seen: number[] = []
  const scores = await inductionOnRepeats(model, {
    length: L,
    sequences: 3,
    seed: 5,
    with: [{ attention: ({ options }) => ({ options: { ...options, scale: 0 } }) }],
    onProgress: ({ done, total }) => seen.push(done / total),
  })
  // By hand: queries 3 to 7 each give 1 / (i + 1): (1/4 + 1/5 + 1/6 + 1/7 + 1/8) / 5.
  expect(scores).toHaveLength(4)
  for (const { score } of scores) expect(score).toBeCloseTo(0.176905, 6)
  expect(seen).toEqual([1 / 3, 2 / 3, 1])
})

test('the same seed gives the same scores, another one others', async () => {
  using model = tinyGpt2()
  const scores = (seed: number) => inductionOnRepeats(model, { length: 6, sequences: 1, seed })
  const first = await scores(1)
  expect(await scores(1)).toEqual(first)
  expect(await scores(2)).not.toEqual(first)
})

test('refuses what the model does not take', async () => {
  using model = tinyGpt2()
  await expect(inductionOnRepeats(model, { length: 17 })).rejects.toThrow(coded('input', '34 tokens'))
  await expect(inductionOnRepeats(model, { length: 0 })).rejects.toThrow(coded('option', 'length'))
  await expect(inductionOnRepeats(model, { sites: 'x' })).rejects.toThrow(coded('not-found', 'x'))
  await expect(inductionOnRepeats(model, { length: 4, signal: AbortSignal.abort() })).rejects.toThrow(
    coded('aborted', 'stopped'),
  )
})
