/**
 * Typed WebAssembly expressions: a value knows its type, so that a v128 where an i32 belongs does not compile. An
 * expression is the code that leaves the value on the stack; using it twice evaluates it twice, so what is used often
 * goes into a local (function.ts).
 */
import { type Code, float32, signed, unsigned } from './bytes.js'

export type ValueType = 'i32' | 'f32' | 'v128'
/** The expressions of each type. */
export type Exprs = { i32: I32; f32: F32; v128: V128 }
/** The types as the binary format writes them. */
export const typeCodes: Record<ValueType, number> = { i32: 0x7f, f32: 0x7d, v128: 0x7b }

const simd = (op: number): Code => [0xfd, unsigned(op)]
const lanes = (l: readonly number[]): number[] => l.flatMap((x) => [4 * x, 4 * x + 1, 4 * x + 2, 4 * x + 3])

export class I32 {
  declare protected readonly type: 'i32'
  constructor(readonly code: Code) {}

  #with(other: I32 | number, op: number): I32 {
    return new I32([this.code, i32(other).code, op])
  }
  add(b: I32 | number): I32 {
    return b === 0 ? this : this.#with(b, 0x6a)
  }
  sub(b: I32 | number): I32 {
    return this.#with(b, 0x6b)
  }
  mul(b: I32 | number): I32 {
    return b === 1 ? this : this.#with(b, 0x6c)
  }
  divU(b: I32 | number): I32 {
    return this.#with(b, 0x6e)
  }
  remU(b: I32 | number): I32 {
    return this.#with(b, 0x70)
  }
  and(b: I32 | number): I32 {
    return this.#with(b, 0x71)
  }
  or(b: I32 | number): I32 {
    return this.#with(b, 0x72)
  }
  xor(b: I32 | number): I32 {
    return this.#with(b, 0x73)
  }
  shl(b: I32 | number): I32 {
    return this.#with(b, 0x74)
  }
  shrU(b: I32 | number): I32 {
    return this.#with(b, 0x76)
  }
  eq(b: I32 | number): I32 {
    return this.#with(b, 0x46)
  }
  ne(b: I32 | number): I32 {
    return this.#with(b, 0x47)
  }
  /** Signed comparisons; the U ones are for addresses. */
  lt(b: I32 | number): I32 {
    return this.#with(b, 0x48)
  }
  gt(b: I32 | number): I32 {
    return this.#with(b, 0x4a)
  }
  le(b: I32 | number): I32 {
    return this.#with(b, 0x4c)
  }
  ge(b: I32 | number): I32 {
    return this.#with(b, 0x4e)
  }
  ltU(b: I32 | number): I32 {
    return this.#with(b, 0x49)
  }
  geU(b: I32 | number): I32 {
    return this.#with(b, 0x4f)
  }
  isZero(): I32 {
    return new I32([this.code, 0x45])
  }
  min(b: I32 | number): I32 {
    return select(this, i32(b), this.lt(b))
  }
  max(b: I32 | number): I32 {
    return select(this, i32(b), this.gt(b))
  }
  /** The next multiple of `n`, which may be any number. */
  roundUp(n: number): I32 {
    return this.add(n - 1)
      .divU(n)
      .mul(n)
  }
  toF32(): F32 {
    return new F32([this.code, 0xb2])
  }
  splat(): V128 {
    return new V128([this.code, simd(0x11)])
  }

  // Loads from this address, `offset` bytes on.
  i32(offset = 0): I32 {
    return new I32([this.code, 0x28, 2, unsigned(offset)])
  }
  u8(offset = 0): I32 {
    return new I32([this.code, 0x2d, 0, unsigned(offset)])
  }
  u16(offset = 0): I32 {
    return new I32([this.code, 0x2f, 1, unsigned(offset)])
  }
  f32(offset = 0): F32 {
    return new F32([this.code, 0x2a, 2, unsigned(offset)])
  }
  v128(offset = 0): V128 {
    return new V128([this.code, simd(0x00), 2, unsigned(offset)])
  }
  /** Eight bytes as signed 16-bit integers, four 16-bit integers as signed 32-bit ones. */
  bytes8(offset = 0): V128 {
    return new V128([this.code, simd(0x01), 0, unsigned(offset)])
  }
  shorts4(offset = 0): V128 {
    return new V128([this.code, simd(0x03), 1, unsigned(offset)])
  }
  /** One float into all four lanes. */
  splatF32(offset = 0): V128 {
    return new V128([this.code, simd(0x09), 2, unsigned(offset)])
  }
  /** One float into lane 0, zeros elsewhere. */
  laneF32(offset = 0): V128 {
    return new V128([this.code, simd(0x5c), 2, unsigned(offset)])
  }
}

export class F32 {
  declare protected readonly type: 'f32'
  constructor(readonly code: Code) {}

  #with(other: F32 | number, op: number): F32 {
    return new F32([this.code, f32(other).code, op])
  }
  add(b: F32 | number): F32 {
    return this.#with(b, 0x92)
  }
  sub(b: F32 | number): F32 {
    return this.#with(b, 0x93)
  }
  mul(b: F32 | number): F32 {
    return this.#with(b, 0x94)
  }
  div(b: F32 | number): F32 {
    return this.#with(b, 0x95)
  }
  max(b: F32 | number): F32 {
    return this.#with(b, 0x97)
  }
  sqrt(): F32 {
    return new F32([this.code, 0x91])
  }
  lt(b: F32 | number): I32 {
    return new I32([this.code, f32(b).code, 0x5d])
  }
  gt(b: F32 | number): I32 {
    return new I32([this.code, f32(b).code, 0x5e])
  }
  bits(): I32 {
    return new I32([this.code, 0xbc])
  }
  splat(): V128 {
    return new V128([this.code, simd(0x13)])
  }
}

/** Four floats, or four 32-bit integers in the methods whose names begin with i. */
export class V128 {
  declare protected readonly type: 'v128'
  constructor(readonly code: Code) {}

  #with(b: V128, op: number): V128 {
    return new V128([this.code, b.code, simd(op)])
  }
  #then(op: number): V128 {
    return new V128([this.code, simd(op)])
  }
  add(b: V128): V128 {
    return this.#with(b, 0xe4)
  }
  sub(b: V128): V128 {
    return this.#with(b, 0xe5)
  }
  mul(b: V128): V128 {
    return this.#with(b, 0xe6)
  }
  div(b: V128): V128 {
    return this.#with(b, 0xe7)
  }
  /** b < this ? b : this … as one instruction (`maxps`): a NaN in `this` or b gives b's side. */
  pmax(b: V128): V128 {
    return this.#with(b, 0xeb)
  }
  pmin(b: V128): V128 {
    return this.#with(b, 0xea)
  }
  sqrt(): V128 {
    return this.#then(0xe3)
  }
  neg(): V128 {
    return this.#then(0xe1)
  }
  abs(): V128 {
    return this.#then(0xe0)
  }
  lt(b: V128): V128 {
    return this.#with(b, 0x43)
  }
  gt(b: V128): V128 {
    return this.#with(b, 0x44)
  }
  ge(b: V128): V128 {
    return this.#with(b, 0x46)
  }
  and(b: V128): V128 {
    return this.#with(b, 0x4e)
  }
  /** this AND NOT b */
  andNot(b: V128): V128 {
    return this.#with(b, 0x4f)
  }
  or(b: V128): V128 {
    return this.#with(b, 0x50)
  }
  xor(b: V128): V128 {
    return this.#with(b, 0x51)
  }
  /** Bits of this where `mask` is 1, of b where it is 0. */
  where(mask: V128, b: V128): V128 {
    return new V128([this.code, b.code, mask.code, simd(0x52)])
  }
  /** Lanes 0–3 are this one's, 4–7 b's. */
  shuffle(b: V128, order: readonly [number, number, number, number]): V128 {
    return new V128([this.code, b.code, simd(0x0d), lanes(order)])
  }
  lane(i: number): F32 {
    return new F32([this.code, simd(0x1f), i])
  }
  iadd(b: V128): V128 {
    return this.#with(b, 0xae)
  }
  isub(b: V128): V128 {
    return this.#with(b, 0xb1)
  }
  imul(b: V128): V128 {
    return this.#with(b, 0xb5)
  }
  ishl(n: I32 | number): V128 {
    return new V128([this.code, i32(n).code, simd(0xab)])
  }
  /** Copies of the sign come in from the left; with ishrU zeros do. */
  ishr(n: number): V128 {
    return new V128([this.code, i32(n).code, simd(0xac)])
  }
  ishrU(n: number): V128 {
    return new V128([this.code, i32(n).code, simd(0xad)])
  }
  ilt(b: V128): V128 {
    return this.#with(b, 0x39)
  }
  ige(b: V128): V128 {
    return this.#with(b, 0x3f)
  }
  /** The first four of eight 16-bit integers, signed. */
  extendLow16(): V128 {
    return this.#then(0xa7)
  }
  /** Signed integers to floats. */
  itoF32(): V128 {
    return this.#then(0xfa)
  }
}

export const i32 = (x: I32 | number): I32 => (typeof x === 'number' ? new I32([0x41, signed(x)]) : x)
export const f32 = (x: F32 | number): F32 => (typeof x === 'number' ? new F32([0x43, float32(x)]) : x)

/** The same float in all lanes. In a loop, keep it in a local: some engines rebuild a constant at each use. */
export const v128 = (x: number): V128 => new V128([simd(0x0c), Array<Code>(4).fill(float32(x))])

/** The same integer in all lanes. */
export const v128i = (x: number): V128 => i32(x).splat()

/** Four integers. */
export const v128is = (...x: [number, number, number, number]): V128 =>
  new V128([simd(0x0c), new Uint8Array(Int32Array.from(x).buffer)])

/** `a` where the condition is not 0, else `b`; both are evaluated. */
export function select<T extends I32 | F32>(a: T, b: T, condition: I32): T {
  return new (a.constructor as new (code: Code) => T)([a.code, b.code, condition.code, 0x1b])
}

export const relaxedMadd = (a: V128, b: V128, c: V128): V128 =>
  new V128([a.code, b.code, c.code, simd(0x105)])

/** Byte n of the result is the byte of `a` that byte n of `order` counts to, or 0 where that is 128 or more. */
export const relaxedSwizzle = (a: V128, order: V128): V128 => new V128([a.code, order.code, simd(0x100)])
