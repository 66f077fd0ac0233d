import { expect, it } from 'vitest'
import type { CrossEntropyOptions } from './index.js'
import { coded, expectWithin, gradcheck } from '../testing/index.js'
import { crossEntropy, randn, tensor } from './index.js'
import { valueAndGrad } from '../autograd/index.js'

const [ln2, ln5, ln8] = [2, 5, 8].map(Math.log)

async function loss(logits: number[][], targets: number[], options?: CrossEntropyOptions): Promise<number> {
  using z = tensor(logits.flat(), [logits.length, logits[0].length])
  using t = tensor(new Int32Array(targets))
  using value = crossEntropy(z, t, options)
  expect(value.shape).toEqual([])
  return value.item()
}

it('by hand: the mean of −log p over rows', async () => {
  const row = [0, ln2, ln5] // probabilities 1/8, 2/8, 5/8
  await expectWithin([await loss([row, row], [0, 2])], [(ln8 + (ln8 - ln5)) / 2], 1e-15)
})

it('label smoothing mixes in the mean over classes', async () => {
  const smooth = 0.9 * (ln8 - ln5) + 0.1 * (ln8 - (ln2 + ln5) / 3)
  await expectWithin([await loss([[0, ln2, ln5]], [2], { labelSmoothing: 0.1 })], [smooth], 1e-15)
})

it('ignored rows count for nothing; all ignored give 0', async () => {
  const rows = [
    [0, ln2, ln5],
    [100, -100, 3],
  ]
  await expectWithin([await loss(rows, [1, -100])], [ln8 - ln2], 1e-15)
  await expectWithin([await loss(rows, [1, 0], { ignore: 0 })], [ln8 - ln2], 1e-15)
  expect(await loss(rows, [-100, -100])).toBe(0)
})

it('stays finite for large logits, and masked classes of −∞', async () => {
  await expectWithin([await loss([[1e4, -1e4]], [1])], [2e4], 1e-15)
  await expectWithin([await loss([[0, -Infinity, 0]], [2])], [ln2], 1e-15)
})

it('a target that is no class gives NaN', async () => {
  expect(await loss([[0, 1]], [2])).toBeNaN()
  expect(await loss([[0, 1]], [-1])).toBeNaN()
})

it('gradients', async () => {
  using logits = randn([2, 3, 5], { seed: 1 })
  using targets = tensor(new Int32Array([0, 4, -100, 2, 2, 1]), [2, 3])
  await gradcheck(({ logits }) => crossEntropy(logits, targets), { logits })
  using classes = tensor(new Int32Array([0, 4, 3, 2, 2, 1]), [2, 3])
  await gradcheck(({ logits }) => crossEntropy(logits, classes, { labelSmoothing: 0.2, ignore: 2 }), {
    logits,
  })
})

it('the gradient is zero, not NaN, when all rows are ignored', async () => {
  using logits = randn([2, 3], { seed: 1 })
  using targets = tensor(new Int32Array([-100, -100]))
  const { value, grads } = valueAndGrad({ logits }, () => crossEntropy(logits, targets))
  expect([...(await grads.logits.data())]).toEqual([0, 0, 0, 0, 0, 0])
  value.dispose()
  grads.logits.dispose()
})

it('names what does not fit', () => {
  using logits = randn([2, 3])
  using two = tensor(new Int32Array(2))
  using three = tensor(new Int32Array(3))
  expect(() => crossEntropy(logits, three)).toThrow(coded('shape', 'targets', '[3]', '[2, 3]'))
  expect(() => crossEntropy(logits, logits)).toThrow(coded('dtype', 'targets must be int32'))
  expect(() => crossEntropy(logits, two, { labelSmoothing: 1 })).toThrow(
    coded('option', 'labelSmoothing', '1'),
  )
})
