import { ByteBuffer, type Code, sized, unsigned, vector } from './bytes.js'
import {
  type Exprs,
  F32,
  I32,
  V128,
  type ValueType,
  f32,
  i32,
  relaxedMadd,
  relaxedSwizzle,
  typeCodes,
  v128,
  v128i,
  v128is,
} from './values.js'

/** What the engine offers and how its compiler behaves. */
export interface Simd {
  /** Relaxed SIMD: a fused multiply-add in one instruction. */
  relaxed: boolean
  /** Rows of a register tile; columns are 8. */
  rows: number
  /** Split blocks with never-taken branches so that V8's older compiler keeps loads near their use (micro.ts). */
  guards: boolean
}

/** A place in a function that can be read like any expression and set. */
export type Local<T> = T & { set(value: T): void }

/** A function of the module that others in it can call (Fn.call), with the types of its parameters. */
export interface Callable<P extends readonly ValueType[] = readonly ValueType[]> {
  readonly index: number
  readonly params: P
}

/** One function being written: statements append to it in order. */
export class Fn {
  readonly #code = new ByteBuffer()
  readonly #locals: ValueType[] = []

  constructor(
    readonly params: readonly ValueType[],
    readonly simd: Simd,
  ) {}

  param<T extends ValueType>(type: T, index: number): Local<Exprs[T]> {
    return this.#place(type, index)
  }

  /** A new local, 0 at first; with a value, set to it here. */
  i32(value?: I32 | number): Local<I32> {
    return this.#local('i32', value === undefined ? undefined : i32(value))
  }
  f32(value?: F32 | number): Local<F32> {
    return this.#local('f32', value === undefined ? undefined : f32(value))
  }
  v128(value?: V128): Local<V128> {
    return this.#local('v128', value)
  }
  v128s(count: number): Local<V128>[] {
    return Array.from({ length: count }, () => this.v128())
  }

  #local<T extends ValueType>(type: T, value?: Exprs[T]): Local<Exprs[T]> {
    this.#locals.push(type)
    const local = this.#place(type, this.params.length + this.#locals.length - 1)
    if (value) (local as { set(v: Exprs[T]): void }).set(value)
    return local
  }

  #place<T extends ValueType>(type: T, index: number): Local<Exprs[T]> {
    const make = { i32: I32, f32: F32, v128: V128 }[type] as new (code: Code) => Exprs[T]
    const at = unsigned(index)
    const place = new make([0x20, at])
    const set = (value: Exprs[T]) => this.#emit(value.code, 0x21, at)
    return Object.assign(place, { set }) as Local<Exprs[T]>
  }

  #emit(...parts: (number | Code)[]): void {
    this.#code.append(parts)
  }

  /** a · b + c: fused where the engine can, else a product rounded before the sum. */
  madd = (a: V128, b: V128, c: V128): V128 => (this.simd.relaxed ? relaxedMadd(a, b, c) : a.mul(b).add(c))

  /** Byte n of each of four words to its top, zeros below: one instruction where the engine can, else two. */
  byteToTop(n: number): (words: V128) => V128 {
    const mask = this.simd.relaxed
      ? v128is(0, 4 << 24, 8 << 24, 12 << 24).iadd(v128i((n << 24) | 0x808080))
      : v128i(0xff000000 | 0)
    const kept = this.v128(mask)
    return (words) => (this.simd.relaxed ? relaxedSwizzle(words, kept) : words.ishl(24 - 8 * n).and(kept))
  }

  storeI32(address: I32, value: I32 | number, offset = 0): void {
    this.#emit(address.code, i32(value).code, 0x36, 2, unsigned(offset))
  }
  /** Its lowest 16 or 8 bits. */
  storeI16(address: I32, value: I32): void {
    this.#emit(address.code, value.code, 0x3b, 1, 0)
  }
  storeI8(address: I32, value: I32): void {
    this.#emit(address.code, value.code, 0x3a, 0, 0)
  }
  storeF32(address: I32, value: F32 | number, offset = 0): void {
    this.#emit(address.code, f32(value).code, 0x38, 2, unsigned(offset))
  }
  store(address: I32, value: V128, offset = 0): void {
    this.#emit(address.code, value.code, 0xfd, 0x0b, 2, unsigned(offset))
  }

  if(condition: I32, then: () => void, otherwise?: () => void): void {
    this.#emit(condition.code, 0x04, 0x40)
    then()
    if (otherwise) {
      this.#emit(0x05)
      otherwise()
    }
    this.#emit(0x0b)
  }

  /** Runs the body while the condition holds, testing after each turn: at least once. */
  doWhile(body: () => void, condition: () => I32): void {
    this.#emit(0x03, 0x40)
    body()
    this.#emit(condition().code, 0x0d, 0, 0x0b)
  }

  while(condition: () => I32, body: () => void): void {
    this.if(condition(), () => this.doWhile(body, condition))
  }

  /** for (i = from; i < to; i += step), signed. */
  for(i: Local<I32>, from: I32 | number, to: I32, step: I32 | number, body: () => void): void {
    i.set(i32(from))
    this.while(
      () => i.lt(to),
      () => {
        body()
        i.set(i.add(step))
      },
    )
  }

  /** A block that `leave` inside the body jumps out of when its condition holds. Only directly inside the body. */
  block(body: (leave: (condition: I32) => void) => void): void {
    this.#emit(0x02, 0x40)
    body((condition) => this.#emit(condition.code, 0x0d, 0))
    this.#emit(0x0b)
  }

  /** A loop inside a block: `leave(condition)` ends it, and it repeats while `again` holds. */
  loop(body: (leave: (condition: I32) => void) => void, again: () => I32): void {
    this.#emit(0x02, 0x40, 0x03, 0x40)
    body((condition) => this.#emit(condition.code, 0x0d, 1))
    this.#emit(again().code, 0x0d, 0, 0x0b, 0x0b)
  }

  call<P extends readonly ValueType[]>(
    target: Callable<P>,
    ...args: { [K in keyof P]: Exprs[P[K]] } & Exprs[ValueType][]
  ): void {
    this.#emit(...args.map((a) => a.code), 0x10, unsigned(target.index))
  }

  /** Sum of four lanes, pairs first. */
  sum(v: Local<V128>): F32 {
    v.set(v.add(v.shuffle(v, [2, 3, 0, 1])))
    return v.lane(0).add(v.lane(1))
  }

  /** Largest of four lanes, in every lane of `v`. */
  spreadMax(v: Local<V128>): void {
    v.set(v.pmax(v.shuffle(v, [2, 3, 0, 1])))
    v.set(v.pmax(v.shuffle(v, [1, 0, 3, 2])))
  }

  /** Zero in every lane, kept in a local. */
  zero(): Local<V128> {
    return this.v128(v128(0))
  }

  /** The function's entry in the code section. */
  body(): Code {
    const locals = this.#locals.map((type) => [1, typeCodes[type]])
    return sized([vector(locals), this.#code.bytes, 0x0b])
  }
}
