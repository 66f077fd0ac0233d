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
  const backend = createBackend(name, options)
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
  const backend = createBackend('wasm', { threads: 1 })
  const small = (capacity: number) =>
    new Proxy(backend, { get: (b, key) => (key === 'capacity' ? capacity : Reflect.get(b, key, b)) })
  await expect(loadWeights(tensors, small(10e6), 'big/model', {})).rejects.toThrow(
    coded(
      'memory',
      'big/model: 3 M parameters take 0.01 GB as float32',
      'the wasm backend has 0.01 GB',
      'smaller',
    ),
  )
  expect([file.read, backend.capacity]).toEqual([header, 2 ** 32])
  backend.dispose()
})

test('a file that ends early, or a caller that stops, leaves no weight behind', async () => {
  const backend: Backend = createBackend('reference')
  await expect(loadWeights(await fileOf(bytes.length - 100).stored, backend, 'm')).rejects.toThrow(
    'ends early',
  )
  const controller = new AbortController()
  const options = { signal: controller.signal, onProgress: () => controller.abort() }
  await expect(loadWeights(await fileOf().stored, backend, 'm', options)).rejects.toThrow(coded('aborted'))
  expect(backend.bytesInUse).toBe(0)
})
