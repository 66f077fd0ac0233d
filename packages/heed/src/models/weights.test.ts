import { afterEach, beforeEach, expect, test } from 'vitest'
import { createBackend } from '../backends/current.js'
import type { Backend } from '../backends/backend.js'
import { openSafetensors, writeSafetensors } from '../io/index.js'
import { liveTensors } from '../tensor/index.js'
import { coded } from '../testing/index.js'
import { loadWeights } from './weights.js'

const wide = Float32Array.from({ length: 3_000_000 }, (_, i) => Math.fround(Math.sin(i)))
const half = Float32Array.of(0.5, -2, 65504, 2 ** -24)
const bytes = writeSafetensors([
  { name: 'wide', dtype: 'F32', shape: [3000, 1000], data: wide },
  { name: 'half', dtype: 'F16', shape: [2, 2], data: half },
  { name: 'brain', dtype: 'BF16', shape: [4], data: Float32Array.of(0.5, -2, 1e30, 0) },
  { name: 'empty', dtype: 'F32', shape: [0, 4], data: new Float32Array(0) },
])

/** The file, which may end too early, and how many bytes were read. */
function fileOf(size = bytes.length) {
  const file = {
    size: bytes.length,
    read: 0,
    async readAt(position: number, into: Uint8Array) {
      if (position + into.length > size) throw new Error('ends early')
      file.read += into.length
      into.set(bytes.subarray(position, position + into.length))
    },
  }
  const opened = { size: file.size, read: file.readAt, close: async () => undefined }
  return { file, stored: openSafetensors(opened, 'm') }
}

let before = 0
beforeEach(() => void (before = liveTensors()))
afterEach(() => expect(liveTensors()).toBe(before))

test.each([
  ['wasm', {}],
  ['reference', {}],
  ['reference', { dtype: 'float64' }],
])('weights come into the memory of %s %j as they are', async (name, options) => {
  const backend = await createBackend(name, options)
  const seen: number[] = []
  const onProgress = (done: number, total: number) => void seen.push(done / total)
  const weights = await loadWeights(await fileOf().stored, backend, 'm', { onProgress })
  expect(Object.keys(weights).sort()).toEqual(['brain', 'empty', 'half', 'wide'])
  expect(weights.wide.shape).toEqual([3000, 1000])
  expect(weights.wide.dtype).toBe(backend.floats[0])
  const read = await weights.wide.data()
  expect(read.every((x, i) => x === wide[i])).toBe(true)
  expect([...(await weights.half.data())]).toEqual([...half])
  expect([...(await weights.brain.data())].map((x) => x / 1e30)[2]).toBeCloseTo(1, 2)
  expect(seen.at(-1)).toBe(1)
  for (const t of Object.values(weights)) t.dispose()
  backend.dispose()
})

test('what cannot fit is refused, with its size, before anything of it is read', async () => {
  const { file, stored } = fileOf()
  const tensors = await stored
  const header = file.read
  const backend = await createBackend('wasm', { threads: 1 })
  /** A backend with so many bytes free. */
  const small = (free: number) =>
    new Proxy(backend, {
      get: (b, key) => (key === 'capacity' ? b.bytesInUse + free : Reflect.get(b, key, b)),
    })
  await expect(loadWeights(tensors, small(2e6), 'big/model', {})).rejects.toThrow(
    coded('memory', 'big/model: 3 M parameters take 0.01 GB as f32', 'the wasm backend has 0.0', 'smaller'),
  )
  await expect(loadWeights(tensors, small(7e6), 'm', {})).rejects.toThrow(
    coded('memory', "load it with dtype 'f16' (--dtype f16), which takes 0.01 GB"),
  )
  await expect(loadWeights(tensors, small(4e6), 'm', { dtype: 'f16' })).rejects.toThrow(
    coded('memory', '0.01 GB as f16', "load it with dtype 'int8' (--dtype int8), which takes 0.00 GB"),
  )
  await expect(loadWeights(tensors, small(2e6), 'm', { dtype: 'int8' })).rejects.toThrow(
    coded('memory', 'as int8', 'take a smaller model'),
  )
  expect([file.read, backend.capacity]).toEqual([header, 2 ** 32 - 65536])
  backend.dispose()
})

test('a file that ends early, or a caller that stops, leaves no weight behind', async () => {
  const backend: Backend = await createBackend('reference')
  await expect(loadWeights(await fileOf(bytes.length - 100).stored, backend, 'm')).rejects.toThrow(
    'ends early',
  )
  const controller = new AbortController()
  for (const dtype of ['f32', 'int8'] as const) {
    const options = { dtype, signal: controller.signal, onProgress: () => controller.abort() }
    await expect(loadWeights(await fileOf().stored, backend, 'm', options)).rejects.toThrow(coded('aborted'))
  }
  expect(backend.bytesInUse).toBe(0)
})

// The file has 12 MB, so that `wide` comes in twelve pieces of 1 MB, cut inside its rows.
test.each([
  [0, [3000, 1]],
  [1, [1, 1000]],
] as const)(
  'int8 matrices with channels along axis %i are measured over all pieces',
  async (axis, scales) => {
    const backend = await createBackend('wasm', { threads: 1 })
    const { file, stored } = fileOf()
    const seen: number[] = []
    const onProgress = (done: number, total: number) => void seen.push(done / total)
    const before = backend.bytesInUse
    const outputAxis = (name: string) => (name === 'half' ? undefined : axis)
    const weights = await loadWeights(await stored, backend, 'm', { dtype: 'int8', outputAxis, onProgress })
    expect(backend.bytesInUse - before).toBeLessThan(3.1e6)
    expect(file.read).toBeGreaterThan(2 * bytes.length - 1000)
    expect([seen.at(-1), seen.every((x, i) => i === 0 || x > seen[i - 1])]).toEqual([1, true])
    expect([weights.half.dtype, weights.brain.dtype]).toEqual(['float32', 'float32'])
    expect([weights.wide.dtype, weights.wide.scales!.shape]).toEqual(['int8', scales])
    const [read, scaleOf] = [await weights.wide.data(), await weights.wide.scales!.data()]
    const channel = (i: number) => (axis === 0 ? Math.floor(i / 1000) : i % 1000)
    const largest = new Float64Array(scaleOf.length)
    wide.forEach((x, i) => (largest[channel(i)] = Math.max(largest[channel(i)], Math.abs(x))))
    expect(scaleOf.every((s, c) => s === Math.fround(largest[c] / 127))).toBe(true)
    expect(read.every((x, i) => Math.abs(x - wide[i]) <= 0.50001 * scaleOf[channel(i)])).toBe(true)
    for (const t of Object.values(weights)) t.dispose()
    backend.dispose()
  },
)

test('float16 of what is float16 is what it was; what it has not is named', async () => {
  const backend = await createBackend('reference')
  const { stored } = fileOf()
  const tensors = await stored
  const weights = await loadWeights(new Map([['half', tensors.get('half')!]]), backend, 'm', { dtype: 'f16' })
  expect([weights.half.dtype, backend.bytesInUse]).toEqual(['float16', 8])
  expect([...(await weights.half.data())]).toEqual([...half])
  weights.half.dispose()
  for (const [value, told] of [
    [-65520, '-65520'],
    [Infinity, 'Infinity'],
    [NaN, 'NaN'],
  ] as const) {
    const far = writeSafetensors([
      { name: 'far', dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, 65519, 2, value) },
    ])
    const opened = {
      size: far.length,
      read: async (at: number, into: Uint8Array) => into.set(far.subarray(at, at + into.length)),
      close: async () => undefined,
    }
    const loading = loadWeights(await openSafetensors(opened, 'm'), backend, 'm', { dtype: 'f16' })
    await expect(loading).rejects.toThrow(coded('input', `m: far holds ${told}`, '65504', 'int8 or f32'))
  }
  expect(backend.bytesInUse).toBe(0)
})
