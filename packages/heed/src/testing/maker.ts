import type { Backend } from '../backends/backend.js'
import { randomBits, randomUnit } from '../backends/random.js'
import type { DType } from '../tensor/dtype.js'
import { type Shape, sizeOf } from '../tensor/shape.js'
import { Tensor } from '../tensor/tensor.js'
import { weightOf } from './weights.js'

/** Makes tensors for kernels: the same numbers on every backend, others for another seed; floats lie in [−1, 1]. */
export class Maker implements Disposable {
  #seed: number
  readonly #made: Tensor[] = []
  constructor(
    readonly backend: Backend,
    seed = 0,
  ) {
    this.#seed = 1000 * seed
  }

  /** Frees all that it made. */
  [Symbol.dispose]() {
    for (const t of this.#made) t.dispose()
  }

  #empty(dtype: DType, shape: Shape): Tensor {
    const t = Tensor.empty(this.backend, dtype, shape)
    this.#made.push(t)
    return t
  }

  /** Uninitialised. */
  out = (...shape: Shape) => this.#empty('float32', shape)

  floats(...shape: Shape): Tensor {
    const [t, seed] = [this.out(...shape), ++this.#seed]
    this.backend.write(
      t.storage,
      0,
      Float32Array.from({ length: t.size }, (_, i) => 2 * randomUnit(seed, i) - 1),
    )
    return t
  }
  /** A matrix kept as `dtype`, with channels along `axis`. */
  weights(dtype: DType, axis: 0 | 1, ...shape: Shape): Tensor {
    const seed = ++this.#seed
    const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => 2 * randomUnit(seed, i) - 1)
    const t = weightOf(this.backend, values, shape, { dtype, axis })
    this.#made.push(t)
    return t
  }
  positive(...shape: Shape): Tensor {
    const [x, y] = [this.floats(...shape), this.out(...shape)]
    this.backend.kernels.activation('gelu', x, x)
    this.backend.kernels.activation('relu', x, y)
    return y
  }
  ids(below: number, ...shape: Shape): Tensor {
    const [t, seed] = [this.#empty('int32', shape), ++this.#seed]
    const id = (_: unknown, i: number) => (randomBits(seed, i) >>> 0) % below
    this.backend.write(t.storage, 0, Int32Array.from({ length: t.size }, id))
    return t
  }
  bools(...shape: Shape): Tensor {
    const [t, seed] = [this.#empty('bool', shape), ++this.#seed]
    this.backend.write(
      t.storage,
      0,
      Uint8Array.from({ length: t.size }, (_, i) => (randomUnit(seed, i) < 0.8 ? 1 : 0)),
    )
    return t
  }
}
