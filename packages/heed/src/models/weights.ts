import type { Backend } from '../backends/backend.js'
import { HeedError } from '../errors.js'
import { toFloat32 } from '../io/dtypes.js'
import { readPieces } from '../io/pieces.js'
import type { StoredTensor } from '../io/safetensors.js'
import { bytesPerElement } from '../tensor/dtype.js'
import { gigabytes, type Shape, sizeOf } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { type Kept, scalesShape, WeightWriter } from './weight-writer.js'

/**
 * What matrices are kept as: float32; float16, half the memory, rounded to 11 bits; int8, a quarter, to 127 steps of each
 * output channel's largest number. Biases, norms and all else stay float32.
 */
export const weightDTypes = ['f32', 'f16', 'int8'] as const
export type WeightDType = (typeof weightDTypes)[number]

/**
 * The axis of a matrix's outputs: 0 of [out, in] and of an embedding table, 1 of [in, out]; undefined of what ops other
 * than `linear` and `embedding` read, which stays float32.
 */
export type OutputAxis = (name: string) => 0 | 1 | undefined

interface Options {
  dtype?: WeightDType
  outputAxis?: OutputAxis
  signal?: AbortSignal
  onProgress?: (done: number, total: number) => void
}

/**
 * Reads weights from their files into the memory of a backend, piece by piece, so that loading takes no more memory than
 * the weights themselves. All memory is had before the first byte is read. What becomes int8 is read twice, first to
 * measure it.
 *
 * @throws HeedError `memory` when they do not fit; `format` when a file ends early; `input` for what is to be float16 and cannot;
 *   `aborted`. No tensor stays behind
 */
export async function loadWeights(
  stored: ReadonlyMap<string, StoredTensor>,
  backend: Backend,
  path: string,
  { dtype = 'f32', outputAxis = () => 0, signal, onProgress }: Options = {},
): Promise<Record<string, Tensor>> {
  checkRoom(stored, dtype, outputAxis, backend, path)
  const writers = new Map<string, WeightWriter>()
  try {
    for (const [name, { shape }] of stored) {
      const kept = keptAs(name, shape, dtype, outputAxis, backend)
      writers.set(name, new WeightWriter(backend, shape, kept, `${path}: ${name}`))
    }
    const measured = [...stored].filter(([name]) => writers.get(name)!.mustMeasure)
    const total = [...stored, ...measured].reduce((sum, [, { start, end }]) => sum + end - start, 0)
    let [done, scratch] = [0, new Float32Array(0)]
    const read = async (
      tensors: Iterable<[string, StoredTensor]>,
      use: (writer: WeightWriter, values: Float32Array, first: number) => void,
    ) => {
      for await (const { name, tensor, first, length, bytes } of readPieces(tensors, signal)) {
        if (scratch.length < length) scratch = new Float32Array(length)
        const piece = { dtype: tensor.dtype, shape: [length], bytes }
        use(writers.get(name)!, toFloat32(piece, scratch.subarray(0, length)), first)
        onProgress?.((done += bytes.length), total)
      }
    }
    await read(measured, (writer, values, first) => writer.measure(values, first))
    await read(stored, (writer, values, first) => writer.write(values, first))
    return Object.fromEntries([...writers].map(([name, { weight }]) => [name, weight]))
  } catch (error) {
    for (const { weight } of writers.values()) weight.dispose()
    throw error
  }
}

function keptAs(
  name: string,
  shape: Shape,
  dtype: WeightDType,
  outputAxis: OutputAxis,
  backend: Backend,
): Kept {
  const axis = dtype !== 'f32' && shape.length === 2 ? outputAxis(name) : undefined
  if (axis === undefined) return { dtype: backend.floats[0] }
  return { dtype: dtype === 'f16' ? 'float16' : 'int8', axis }
}

/** What cannot fit is refused before anything is read. */
function checkRoom(
  stored: ReadonlyMap<string, StoredTensor>,
  dtype: WeightDType,
  outputAxis: OutputAxis,
  backend: Backend,
  path: string,
): void {
  const { capacity, bytesInUse, name } = backend
  const bytesAs = (as: WeightDType) =>
    [...stored].reduce((sum, [name, { shape }]) => {
      const { dtype, axis } = keptAs(name, shape, as, outputAxis, backend)
      const scales = dtype === 'int8' ? 4 * sizeOf(scalesShape(shape, axis!)) : 0
      return sum + sizeOf(shape) * bytesPerElement[dtype] + scales
    }, 0)
  const fits = (as: WeightDType) => bytesAs(as) <= capacity - bytesInUse
  if (fits(dtype)) return
  const parameters = [...stored.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  const inUse = bytesInUse > 0 ? `, of which ${gigabytes(bytesInUse)} are in use` : ''
  const other = weightDTypes.find(fits)
  const advice = other
    ? `load it with dtype '${other}' (--dtype ${other}), which takes ${gigabytes(bytesAs(other))}`
    : 'take a smaller model'
  throw new HeedError(
    'memory',
    `${path}: ${(parameters / 1e6).toFixed(0)} M parameters take ${gigabytes(bytesAs(dtype))} as ${dtype}, and the ${name} backend has ${gigabytes(capacity)} at most${inUse}; ${advice}${inUse && ', or dispose one that is loaded'}`,
  )
}
