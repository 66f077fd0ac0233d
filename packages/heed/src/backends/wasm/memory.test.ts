import { expect, test, vi } from 'vitest'
import { valueAndGrad } from '../../autograd/index.js'
import { attention, randn } from '../../ops/index.js'
import { scope } from '../../tensor/scope.js'
import { Tensor } from '../../tensor/tensor.js'
import { coded, weightedSum, withBackend } from '../../testing/index.js'
import { WasmBackend } from './index.js'
import { WasmMemory } from './memory.js'

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
    memory.free(at, size)
    expect(memory.allocate(size)).toBe(at)
  }
  expect(memory.bytesInUse).toBe(used)
  for (const { size, at } of blocks) memory.free(at, size)
  expect(memory.bytesInUse).toBe(0)
})

test('a block wastes at most a quarter, and nothing but the slack where the size is a power of two', () => {
  const memory = new WasmMemory(false, 1024)
  memory.allocate(MB)
  expect(memory.bytesInUse).toBe(MB + 64)
  for (let size = 64; size < 1e9; size = Math.ceil(size * 1.37)) {
    const memory = new WasmMemory(false, 65536)
    vi.spyOn(memory.memory, 'grow').mockReturnValue(0)
    memory.allocate(size)
    expect(memory.bytesInUse).toBeGreaterThanOrEqual(size + 64)
    expect(memory.bytesInUse).toBeLessThanOrEqual(1.25 * (size + 64) + 64)
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
  memory.free(first, 4 * MB)
  expect(memory.allocate(4 * MB)).toBe(first)
})

test('a tensor beyond 4 GB is a memory error, and the backend stays usable', async () => {
  const backend = new WasmBackend({ threads: 2 })
  const before = backend.bytesInUse
  expect(() => Tensor.empty(backend, 'float32', [40_000, 40_000])).toThrow(
    coded('memory', '6103.5 MB more', '4096.0 MB'),
  )
  expect(backend.bytesInUse).toBe(before)
  const t = Tensor.empty(backend, 'float32', [100_000])
  backend.kernels.fill(t, 3)
  expect(new Set(await t.data())).toEqual(new Set([3]))
  t.dispose()
  expect(backend.bytesInUse).toBe(before)
  backend.dispose()
})

test('attention over 8,192 tokens takes memory for N·d, forward and backward, and not for N²', () => {
  const [N, D] = [8192, 32]
  const backend = new WasmBackend({ threads: 2 })
  withBackend(backend, () => {
    const inputs = { q: randn([1, N, 1, D]), k: randn([1, N, 1, D]), v: randn([1, N, 1, D]) }
    const before = backend.bytesInUse
    let peak = 0
    const allocate = backend.allocate.bind(backend)
    vi.spyOn(backend, 'allocate').mockImplementation((dtype, length) => {
      const storage = allocate(dtype, length)
      peak = Math.max(peak, backend.bytesInUse - before)
      return storage
    })
    const Nd = N * D * 4
    const out = scope(() => attention(inputs.q, inputs.k, inputs.v, { causal: true }))
    expect(peak).toBeGreaterThanOrEqual(Nd)
    expect(peak).toBeLessThan(2 * Nd) // the output; m and ℓ are 1/16 of it here
    out.dispose()

    const { value, grads } = valueAndGrad(inputs, () =>
      weightedSum(attention(inputs.q, inputs.k, inputs.v, { causal: true })),
    )
    expect(peak).toBeGreaterThanOrEqual(4 * Nd)
    expect(peak).toBeLessThan(10 * Nd) // N² floats would be 256 · N·d
    for (const t of [value, ...Object.values(grads)]) t.dispose()
    expect(backend.bytesInUse).toBe(before)
    for (const t of Object.values(inputs)) t.dispose()
  })
  backend.dispose()
})
