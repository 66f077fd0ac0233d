import { HeedError, HeedTypeError } from '../errors.js'
import type { Device, Storage } from './device.js'
import { type DType, type KeptArray, type TypedArray } from './dtype.js'
import { fromHalf } from './half.js'
import { fromInt8 } from './int8.js'
import { adopt, release } from './owners.js'
import { checkShape, denseStrides, isDense, reach, type Shape, show, sizeOf } from './shape.js'

let live = 0

/** Tensors that exist now, views included: what a leak check compares. */
export const liveTensors = (): number => live

/**
 * An n-dimensional array on a device. Tensors are values: no operation changes one after it is made (optimisers
 * and caches, which own theirs, write through kernels). Made by `tensor`, `zeros` and the ops, not by `new`.
 */
export class Tensor implements Disposable {
  #disposed = false
  /** For scopes (owners.ts). */
  owner?: Set<unknown>

  constructor(
    readonly storage: Storage,
    readonly shape: Shape,
    /** In elements, one per dimension. */
    readonly strides: readonly number[] = denseStrides(shape),
    /** First element, counted from the start of the storage. */
    readonly offset = 0,
    /** Of int8, which is a dense matrix [R, C]: float32 [R, 1] or [1, C], what each channel is multiplied by. The tensor owns them. */
    readonly scales?: Tensor,
  ) {
    scales?.keep()
    storage.refs++
    live++
    adopt(this)
  }

  /** A new, uninitialised tensor. */
  static empty(device: Device, dtype: DType, shape: Shape): Tensor {
    checkShape(shape, 'tensor')
    return new Tensor(device.allocate(dtype, sizeOf(shape)), [...shape])
  }

  get device(): Device {
    return this.storage.device
  }
  get dtype(): DType {
    return this.storage.dtype
  }
  get rank(): number {
    return this.shape.length
  }
  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape)
  }
  get isDense(): boolean {
    return isDense(this.shape, this.strides)
  }
  get isDisposed(): boolean {
    return this.#disposed
  }

  /**
   * Another look at the same memory. Not recorded for gradients: use the ops `reshape` and `slice` for that.
   *
   * @param strides in elements, of either sign; default dense
   * @param offset of the first element, from the start of the storage; default the tensor's own
   * @throws HeedTypeError `shape` when an element would lie outside the memory; `dtype` of int8, whose scales belong to its
   *   rows or columns.
   */
  view(shape: Shape, strides: readonly number[] = denseStrides(shape), offset = this.offset): Tensor {
    this.assertLive('view')
    checkShape(shape, 'view')
    if (this.scales)
      throw new HeedTypeError('dtype', `view: ${this} is whole or not at all; use float32 or float16`)
    const [first, last] = reach(shape, strides)
    const whole = offset >= 0 && Number.isSafeInteger(offset) && strides.every((n) => Number.isSafeInteger(n))
    const inside = sizeOf(shape) === 0 || (offset + first >= 0 && offset + last < this.storage.length)
    if (strides.length !== shape.length || !whole || !inside)
      throw new HeedTypeError(
        'shape',
        `view: ${show(shape)} with strides ${show(strides)} from element ${offset} does not lie in a memory of ${this.storage.length} elements`,
      )
    return new Tensor(this.storage, [...shape], strides, offset)
  }

  /**
   * A copy of the elements in row-major order: `Float32Array`, `Float64Array` or `Int32Array` by dtype, bytes of
   * 0 and 1 for `bool`. Of float16 and int8 the numbers they stand for, as `Float32Array`.
   */
  async data(): Promise<TypedArray> {
    this.assertLive('data')
    const kept = await this.#kept()
    if (kept instanceof Uint16Array) return fromHalf(kept)
    if (!(kept instanceof Int8Array)) return kept
    const { shape, scales } = this
    return fromInt8(kept, (await scales!.data()) as Float32Array, shape, scales!.shape)
  }

  /** The elements as they are kept. */
  async #kept(): Promise<KeptArray> {
    if (this.size === 0) return this.device.read(this.storage, 0, 0)
    if (this.isDense) return this.device.read(this.storage, this.offset, this.size)
    const [first, last] = reach(this.shape, this.strides)
    const all = await this.device.read(this.storage, this.offset + first, last - first + 1)
    const out = all.slice(0, 0).constructor as new (n: number) => KeptArray
    const dense = new out(this.size)
    forEachOffset(this.shape, this.strides, (at, i) => (dense[i] = all[at - first]))
    return dense
  }

  /**
   * The single element of a tensor of size 1, whatever its rank.
   *
   * @throws HeedTypeError `shape` for another size.
   */
  async item(): Promise<number> {
    if (this.size !== 1)
      throw new HeedTypeError('shape', `item: takes a tensor of one element, got shape ${show(this.shape)}`)
    return (await this.data())[0]
  }

  /** Takes the tensor out of every scope: it then lives until it is disposed. Returns itself. */
  keep(): this {
    release(this)
    return this
  }

  /** Frees the tensor, and its memory when no other tensor looks at it. A second call does nothing. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    live--
    release(this)
    this.scales?.dispose()
    if (--this.storage.refs === 0) this.device.free(this.storage)
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  /** @throws HeedError `disposed`, naming the operation that wanted it. */
  assertLive(operation: string): void {
    if (this.#disposed)
      throw new HeedError(
        'disposed',
        `${operation}: this ${this.dtype} tensor ${show(this.shape)} was disposed; return it from its scope or keep() it`,
      )
  }

  toString(): string {
    return `Tensor(${this.dtype} ${show(this.shape)} on ${this.device.name})`
  }
}

/** Calls `visit(offset, index)` for every element in row-major order; offsets follow the strides from 0. */
export function forEachOffset(
  shape: Shape,
  strides: readonly number[],
  visit: (offset: number, index: number) => void,
): void {
  const size = sizeOf(shape)
  const at = Array<number>(shape.length).fill(0)
  let offset = 0
  for (let i = 0; i < size; i++) {
    visit(offset, i)
    for (let d = shape.length - 1; d >= 0; d--) {
      offset += strides[d]
      if (++at[d] < shape[d]) break
      offset -= at[d] * strides[d]
      at[d] = 0
    }
  }
}
