import type { Backend } from '../backends/backend.js'
import { HeedError } from '../errors.js'
import { readPieces, type StoredTensor, toFloat32 } from '../io/index.js'
import { bytesPerElement, type DType, newArray } from '../tensor/dtype.js'
import { sizeOf } from '../tensor/shape.js'
import { Tensor } from '../tensor/tensor.js'

interface Options {
  signal?: AbortSignal
  onProgress?: (done: number, total: number) => void
}

/**
 * Reads weights from their files into the memory of a backend, piece by piece, so that loading takes no more memory than
 * the weights themselves. All memory is had before the first byte is read.
 *
 * @throws HeedError `memory` when they do not fit; `format` when a file ends early; `aborted`. No tensor stays behind
 */
export async function loadWeights(
  stored: ReadonlyMap<string, StoredTensor>,
  backend: Backend,
  path: string,
  { signal, onProgress }: Options = {},
): Promise<Record<string, Tensor>> {
  checkRoom(stored, backend, path)
  const dtype = backend.floats[0]
  const weights: Record<string, Tensor> = {}
  const total = [...stored.values()].reduce((sum, { start, end }) => sum + end - start, 0)
  let [done, scratch] = [0, new Float32Array(0)]
  try {
    for (const [name, { shape }] of stored) weights[name] = Tensor.empty(backend, dtype, shape).keep()
    for await (const { name, tensor, first, length, bytes } of readPieces(stored, signal)) {
      if (scratch.length < length) scratch = new Float32Array(length)
      const values = toFloat32({ dtype: tensor.dtype, shape: [length], bytes }, scratch.subarray(0, length))
      backend.write(weights[name].storage, first, dtype === 'float32' ? values : converted(values, dtype))
      done += bytes.length
      onProgress?.(done, total)
    }
    return weights
  } catch (error) {
    for (const t of Object.values(weights)) t.dispose()
    throw error
  }
}

const converted = (values: Float32Array, dtype: DType) => {
  const array = newArray(dtype, values.length)
  array.set(values)
  return array
}

/** What cannot fit is refused before anything is read. */
function checkRoom(stored: ReadonlyMap<string, StoredTensor>, backend: Backend, path: string): void {
  const dtype = backend.floats[0]
  let parameters = 0
  for (const { shape } of stored.values()) parameters += sizeOf(shape)
  const needed = parameters * bytesPerElement[dtype]
  const { capacity, bytesInUse, name } = backend
  if (needed <= capacity - bytesInUse) return
  const inUse = bytesInUse > 0 ? `, of which ${gigabytes(bytesInUse)} are in use` : ''
  throw new HeedError(
    'memory',
    `${path}: ${(parameters / 1e6).toFixed(0)} M parameters take ${gigabytes(needed)} as ${dtype}, and the ${name} backend has ${gigabytes(capacity)} at most${inUse}; take a smaller model${inUse && ', or dispose one that is loaded'}`,
  )
}

const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GB`
