import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { valueAndGrad } from '../../autograd/index.js'
import { attention, full, randn } from '../../ops/index.js'
import { record } from '../../ops/record.js'
import { scope } from '../../tensor/scope.js'
import { sizeOf } from '../../tensor/shape.js'
import { Tensor } from '../../tensor/tensor.js'
import { coded, held } from '../../testing/index.js'
import { WasmBackend } from './index.js'
import { WasmMemory } from './memory.js'
import { scratchBytes } from './pool.js'

const MB = 2 ** 20

test('blocks are aligned, do not overlap, and are used again', () => {
  const memory = new WasmMemory(false, 1024)
  const sizes = [0, 1, 63, 64, 65, 1000, 4096, 70_000, 1_000_001]
  const blocks = sizes.map((size) => ({ size, at: memory.allocate(size) }))
  blocks.forEach(({ size, at }, i) => {
    expect(at).toBeGreaterThan(0)
    expect(at % 64).toBe(0)
    // whole vectors may be read behind a block, so the next one stays that far away
    if (i + 1 < blocks.length) expect(blocks[i + 1].at).toBeGreaterThanOrEqual(at + size + 64)
    expect(memory.bytes.length).toBeGreaterThanOrEqual(at + size + 64)
  })
  const used = memory.bytesInUse
  for (const { size, at } of blocks) {
    memory.free(at)
    expect(memory.allocate(size)).toBe(at)
  }
  expect(memory.bytesInUse).toBe(used)
  for (const { at } of blocks) memory.free(at)
  expect(memory.bytesInUse).toBe(0)
})

test('a block takes what was asked and at most two steps of 64 bytes more', () => {
  for (let size = 0; size < 1e9; size = Math.ceil(size * 1.37) + 1) {
    const memory = new WasmMemory(false, 65536)
    vi.spyOn(memory.memory, 'grow').mockReturnValue(0)
    memory.allocate(size)
    expect(memory.bytesInUse).toBeGreaterThanOrEqual(size + 64)
    expect(memory.bytesInUse).toBeLessThanOrEqual(size + 128)
  }
})

test('what has no room is refused with the sizes, and the rest goes on', () => {
  const memory = new WasmMemory(true, 160) // 10 MB
  const first = memory.allocate(4 * MB)
  const used = memory.bytesInUse
  expect(() => memory.allocate(8 * MB)).toThrow(
    coded('memory', '8.0 MB more', '10.0 MB at most', 'are in use'),
  )
  expect(memory.bytesInUse).toBe(used)
  memory.allocate(4 * MB)
  expect(() => memory.allocate(4 * MB)).toThrow(coded('memory', '4.0 MB more'))
  memory.free(first)
  expect(memory.allocate(4 * MB)).toBe(first)
})

test('a tensor beyond 4 GB is a memory error, and the backend stays usable', async () => {
  const backend = new WasmBackend({ threads: 2 })
  const before = backend.bytesInUse
  expect(() => Tensor.empty(backend, 'float32', [40_000, 40_000])).toThrow(
    coded('memory', '6103.5 MB more', '4095.9 MB'),
  )
  expect(backend.bytesInUse).toBe(before)
  const t = Tensor.empty(backend, 'float32', [100_000])
  backend.kernels.fill(t, 3)
  expect(new Set(await t.data())).toEqual(new Set([3]))
  t.dispose()
  expect(backend.bytesInUse).toBe(before)
  backend.dispose()
})

/** The most that is in use while `work` runs, above what was before. */
function peakOf(work: () => void): number {
  const { allocate } = WasmMemory.prototype
  let [before, peak] = [-1, 0]
  const spy = vi.spyOn(WasmMemory.prototype, 'allocate').mockImplementation(function (
    this: WasmMemory,
    bytes,
  ) {
    if (before < 0) before = this.bytesInUse
    const address = allocate.call(this, bytes)
    peak = Math.max(peak, this.bytesInUse - before)
    return address
  })
  try {
    work()
  } finally {
    spy.mockRestore()
  }
  return peak
}

describe('attention over N tokens takes memory for N·d and not for N²', () => {
  const threads = 2
  let backend: WasmBackend
  beforeAll(() => {
    backend = new WasmBackend({ threads })
  })
  afterAll(() => backend.dispose())

  /** What every block may take beyond its floats. */
  const rounding = 128
  const floats = (...shapes: number[][]) =>
    shapes.reduce((sum, shape) => sum + 4 * sizeOf(shape) + rounding, 0)

  test('the scratch of a thread is fixed', () => {
    expect(backend.bytesInUse).toBeLessThan(threads * (scratchBytes + rounding) + 2048)
  })

  test.each([
    [2048, 1, 64],
    [4096, 2, 16],
    [8192, 1, 64],
  ])('forward: %i tokens, %i heads, D = %i: nothing but the output, m and ℓ', (N, H, D) => {
    const shape = [1, N, H, D]
    const [q, k, v] = held([1, 2, 3].map((seed) => randn(shape, { backend, seed })))
    const before = backend.bytesInUse
    for (const causal of [true, false]) {
      const peak = peakOf(() => scope(() => attention(q, k, v, { causal })).dispose())
      expect(peak).toBeGreaterThanOrEqual(4 * N * H * D)
      // The offset per batch of a causal attention is a block of its own.
      expect(peak).toBeLessThanOrEqual(floats(shape, [2 * H * N], [0], [1]))
      expect(peak).toBeLessThan((4 * H * N * N) / 16)
    }
    expect(backend.bytesInUse).toBe(before)
  })

  test.each([
    [2048, 1, 64],
    [4096, 2, 16],
    [8192, 1, 16],
  ])('backward: %i tokens, %i heads, D = %i: nothing but the gradients', (N, H, D) => {
    const shape = [1, N, H, D]
    const [q, k, v] = held([1, 2, 3].map((seed) => randn(shape, { backend, seed })))
    const before = backend.bytesInUse
    // Σ out: its gradient is a tensor of ones, which the peak counts, as it does the output, m, ℓ and the loss.
    const sum = (x: Tensor) =>
      record('sum', [x], full([], 0, { backend }), () => [full(shape, 1, { backend })])
    const peak = peakOf(() => {
      const { value, grads } = valueAndGrad({ q, k, v }, () => sum(attention(q, k, v, { causal: true })))
      for (const t of [value, ...Object.values(grads)]) t.dispose()
    })
    const [output, ones, gradients, scalars] = [shape, shape, [3 * N * H * D], [4]]
    expect(peak).toBeGreaterThanOrEqual(4 * 5 * N * H * D)
    // Beyond these: as many floats again as m and ℓ have, for what a row may need on the way back.
    expect(peak).toBeLessThanOrEqual(
      floats(output, ones, gradients, [2 * H * N], [2 * H * N]) + 8 * rounding + floats(scalars),
    )
    expect(peak).toBeLessThan((4 * H * N * N) / 4)
    expect(backend.bytesInUse).toBe(before)
  })
})
