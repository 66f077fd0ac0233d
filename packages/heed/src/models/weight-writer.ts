import type { Backend } from '../backends/backend.js'
import { HeedError } from '../errors.js'
import { type DType, type KeptArray, newArray } from '../tensor/dtype.js'
import { toHalf } from '../tensor/half.js'
import { raise, toInt8, toScales } from '../tensor/int8.js'
import { scope } from '../tensor/scope.js'
import { type Shape, sizeOf } from '../tensor/shape.js'
import { Tensor } from '../tensor/tensor.js'

/** How a weight is kept: the axis of an int8 matrix's channels, each with a scale, is that of its outputs. */
export interface Kept {
  dtype: DType
  axis?: 0 | 1
}

/** Shape of the scales of an int8 matrix. */
export const scalesShape = ([rows, columns]: Shape, axis: 0 | 1): Shape =>
  axis === 0 ? [rows, 1] : [1, columns]

/**
 * A new weight, filled piece by piece from floats in row-major order. Of int8 every piece is measured first, all of them
 * before the first is written, because a channel's scale follows from its largest number, and a channel may lie in many
 * pieces.
 */
export class WeightWriter {
  /** The caller's. */
  readonly weight: Tensor
  readonly #scales: Shape = []
  /** Per channel: the largest magnitude, then the scale. */
  #largest: Float32Array = new Float32Array(0)
  #measuring: boolean

  constructor(
    readonly backend: Backend,
    shape: Shape,
    { dtype, axis = 0 }: Kept,
    /** In errors. */
    readonly name = 'a weight',
  ) {
    this.#measuring = dtype === 'int8'
    if (this.#measuring) {
      this.#scales = scalesShape(shape, axis)
      this.#largest = new Float32Array(sizeOf(this.#scales))
    }
    this.weight = scope(() => {
      const scales = this.#measuring ? Tensor.empty(backend, 'float32', this.#scales) : undefined
      return new Tensor(backend.allocate(dtype, sizeOf(shape)), shape, undefined, 0, scales)
    }).keep()
  }

  get mustMeasure(): boolean {
    return this.#measuring
  }

  measure(values: Float32Array, first: number): void {
    raise(values, this.#largest, this.weight.shape, this.#scales, first)
  }

  /**
   * Overwrites the values: they are narrowed where they are, so that loading makes no garbage as large as the model.
   *
   * @throws HeedError `input` for what is no number, or beyond float16, where the weight is to be that
   */
  write(values: Float32Array, first: number): void {
    this.backend.write(this.weight.storage, first, this.#kept(values, first))
  }

  #kept(values: Float32Array, first: number): KeptArray {
    const { dtype, shape } = this.weight
    if (dtype === 'float32') return values
    const { buffer, byteOffset, length } = values
    if (dtype === 'float16') {
      this.#checkHalves(values)
      return toHalf(values, new Uint16Array(buffer, byteOffset, length))
    }
    if (dtype === 'int8')
      return toInt8(
        values,
        this.#scaleOf(),
        shape,
        this.#scales,
        first,
        new Int8Array(buffer, byteOffset, length),
      )
    const kept = newArray(dtype, length)
    kept.set(values)
    return kept
  }

  #scaleOf(): Float32Array {
    if (this.#measuring) {
      this.#measuring = false
      this.#largest = toScales(this.#largest)
      this.backend.write(this.weight.scales!.storage, 0, this.#largest)
    }
    return this.#largest
  }

  /** Kernels take finite halves; from 65520 on they are not. */
  #checkHalves(values: Float32Array): void {
    for (let i = 0; i < values.length; i++)
      if (!(Math.abs(values[i]) < 65520))
        throw new HeedError(
          'input',
          `${this.name} holds ${values[i]}, and float16 weights are numbers up to 65504; load it as int8 or f32`,
        )
  }
}
