import { HeedError, HeedTypeError } from '../../errors.js'
import {
  bytesPerElement,
  type DType,
  isFloat,
  type KeptArray,
  newArray,
  type TypedArray,
} from '../../tensor/dtype.js'
import type { Storage } from '../../tensor/device.js'
import type { Backend, Kernels } from '../backend.js'
import { activation, activationGrad } from './activation.js'
import { adamw } from './adamw.js'
import { add, copy, fill, scale, sumLeading, sumSquares } from './arithmetic.js'
import { attention, attentionGrad, attentionTile } from './attention.js'
import { crossEntropy, crossEntropyGrad } from './cross-entropy.js'
import { dropout } from './dropout.js'
import { embedding, embeddingGrad } from './embedding.js'
import { gated, gatedGrad } from './gated.js'
import { layerNorm, layerNormGrad } from './layer-norm.js'
import { matmul } from './matmul.js'
import { rmsNorm, rmsNormGrad } from './rms-norm.js'
import { rotary } from './rotary.js'
import { softmax, softmaxGrad } from './softmax.js'
import type { ReferenceStorage } from './storage.js'

export interface ReferenceOptions {
  /** The float dtype of new tensors. Default float32; both work side by side. */
  dtype?: 'float32' | 'float64'
}

/**
 * Plain TypeScript that reads like the formulas: sums are added in double and stored in the dtype. Slow, and the
 * truth that every other backend is checked against.
 *
 * @throws HeedTypeError `dtype` when the dtype is not float32 or float64.
 */
export class ReferenceBackend implements Backend {
  readonly name = 'reference'
  readonly capacity = Infinity
  readonly floats: readonly DType[]
  readonly kernels: Kernels = {
    activation,
    activationGrad,
    adamw,
    add,
    attention,
    attentionGrad,
    attentionTile,
    copy,
    crossEntropy,
    crossEntropyGrad,
    dropout,
    embedding,
    embeddingGrad,
    fill,
    gated,
    gatedGrad,
    layerNorm,
    layerNormGrad,
    matmul,
    rmsNorm,
    rmsNormGrad,
    rotary,
    scale,
    softmax,
    softmaxGrad,
    sumLeading,
    sumSquares,
  }
  #bytesInUse = 0

  constructor({ dtype = 'float32' }: ReferenceOptions = {}) {
    if (!isFloat(dtype))
      throw new HeedTypeError(
        'dtype',
        `reference backend: dtype must be float32 or float64, got ${String(dtype)}`,
      )
    this.floats = dtype === 'float64' ? ['float64', 'float32'] : ['float32', 'float64']
  }

  /** Bytes of all storage that is not freed. */
  get bytesInUse(): number {
    return this.#bytesInUse
  }

  allocate(dtype: DType, length: number): Storage {
    const values = this.#newArray(dtype, length)
    // Nobody may count on zeros that other backends do not give: what an op forgets to write shows as NaN.
    if (isFloat(dtype)) values.fill(NaN)
    this.#bytesInUse += values.byteLength
    const storage: ReferenceStorage = { device: this, dtype, length, refs: 0, values }
    return storage
  }

  #newArray(dtype: DType, length: number): KeptArray {
    try {
      return newArray(dtype, length)
    } catch (cause) {
      const bytes = length * bytesPerElement[dtype]
      const message = `reference backend: no memory for ${length} ${dtype} elements (${bytes} bytes)`
      throw new HeedError(
        'memory',
        `${message}; ${this.#bytesInUse} bytes are in use, dispose what is not needed`,
        { cause },
      )
    }
  }

  free(storage: Storage): void {
    const held = storage as ReferenceStorage
    this.#bytesInUse -= held.values.byteLength
    held.values = newArray(held.dtype, 0)
  }

  write(storage: Storage, offset: number, data: KeptArray): void {
    ;(storage as ReferenceStorage).values.set(data, offset)
  }

  async read(storage: Storage, offset: number, length: number): Promise<KeptArray> {
    return (storage as ReferenceStorage).values.slice(offset, offset + length)
  }

  view(storage: Storage): TypedArray {
    return (storage as ReferenceStorage).values as TypedArray
  }

  /** Nothing to stop: memory goes with the tensors. */
  dispose(): void {}
}
