import type { Tensor } from '../../../tensor/tensor.js'
import { bytesPerElement, type TypedArray } from '../../../tensor/dtype.js'
import { sizeOf } from '../../../tensor/shape.js'
import type { Fn, Local } from '../emit/function.js'
import { i32s } from '../emit/kernel.js'
import { type I32, i32, type V128, v128is } from '../emit/values.js'
import { rowsOf, type WasmStorage } from '../storage.js'
import { type WeightReader, weightReader } from './weights.js'

/** Address of a tensor's first element; a freed tensor has none, and its memory may be another's by now. */
export function address(t: Tensor): number {
  t.assertLive('kernel')
  return rowsOf(t.storage as WasmStorage) + t.offset * bytesPerElement[t.dtype]
}

/** Sum in double precision and in order, on the host: for what threads have summed in parts. */
export function total(parts: TypedArray): number {
  let sum = 0
  for (const part of parts) sum += part
  return sum
}

/** Elements that one item of an elementwise kernel handles: a multiple of 4, large enough to be worth a thread. */
export const chunk = 16384
export const chunks = (elements: number): number => Math.ceil(elements / chunk)

/** Start of this item's chunk and how many elements it has, for a kernel over `n` elements. */
export function chunkOf(f: Fn, item: I32, n: I32): { start: Local<I32>; count: Local<I32> } {
  const start = f.i32(item.mul(chunk))
  return { start, count: f.i32(n.sub(start).min(chunk)) }
}

/** Moves each pointer on by `bytes`; one that is named twice, by an op in place, moves once. */
export function advance(pointers: Local<I32>[], bytes: I32 | number): void {
  for (const p of new Set(pointers)) p.set(p.add(bytes))
}

/**
 * Writes body(inputs[i] …) to the outputs for `count` floats and moves all pointers behind them. The last 1 to 3 are
 * the first lanes of a whole vector (reading past a block's end is allowed, writing is not), so every element comes
 * from the same arithmetic.
 */
export function forEach4(
  f: Fn,
  count: I32,
  inputs: Local<I32>[],
  outputs: Local<I32>[],
  body: (...x: Local<V128>[]) => V128[],
  { bytes, read4 }: WeightReader = weightReader(f, 'float32'),
): void {
  const left = f.i32(count)
  const x = f.v128s(inputs.length)
  const y = f.v128s(outputs.length)
  const advanceAll = (elements: I32 | number) => {
    advance(inputs, i32(elements).mul(bytes))
    advance(
      outputs.filter((p) => !inputs.includes(p)),
      i32(elements).mul(4),
    )
  }
  const compute = () => {
    inputs.forEach((p, i) => x[i].set(read4(p)))
    body(...x).forEach((value, i) => y[i].set(value))
  }
  f.while(
    () => left.ge(4),
    () => {
      compute()
      outputs.forEach((p, i) => f.store(p, y[i]))
      advanceAll(4)
      left.set(left.sub(4))
    },
  )
  f.if(left.gt(0), () => {
    compute()
    outputs.forEach((p, i) => storeLanes(f, p, y[i], left))
    advanceAll(left)
  })
}

/** Stores the first `count` lanes, 1 to 3. */
function storeLanes(f: Fn, at: I32, v: Local<V128>, count: I32): void {
  f.storeF32(at, v.lane(0))
  f.if(count.gt(1), () => f.storeF32(at, v.lane(1), 4))
  f.if(count.gt(2), () => f.storeF32(at, v.lane(2), 8))
}

/**
 * Folds `count` floats of each input into four lanes: acc = step(acc, inputs[i] …) from `start`, in two turns that do
 * not wait for each other, joined at the end. The pointers move on.
 */
export function reduce4(
  f: Fn,
  count: I32,
  inputs: Local<I32>[],
  start: V128,
  step: (acc: V128, ...x: Local<V128>[]) => V128,
  join: (a: V128, b: V128) => V128 = (a, b) => a.add(b),
): Local<V128> {
  const left = f.i32(count)
  const x = f.v128s(inputs.length)
  const [a, b] = [f.v128(start), f.v128(start)]
  const load = (offset: number) => inputs.forEach((p, i) => x[i].set(p.v128(offset)))
  f.while(
    () => left.ge(8),
    () => {
      load(0)
      a.set(step(a, ...x))
      load(16)
      b.set(step(b, ...x))
      advance(inputs, 32)
      left.set(left.sub(8))
    },
  )
  const inside = f.v128()
  f.while(
    () => left.gt(0),
    () => {
      // lanes behind the end keep what they had
      inside.set(v128is(0, 1, 2, 3).ilt(left.splat()))
      load(0)
      a.set(step(a, ...x).where(inside, a))
      advance(inputs, left.min(4).shl(2))
      left.set(left.sub(4))
    },
  )
  a.set(join(a, b))
  return a
}

/** The largest of `count` floats and of `start`, in each lane one of them: f.spreadMax joins the lanes. */
export const largest4 = (f: Fn, count: I32, input: Local<I32>, start: V128): Local<V128> => {
  const max = (a: V128, b: V128) => a.pmax(b)
  return reduce4(f, count, [input], start, max, max)
}

/** The arguments of a row by row kernel that `forEachRow` needs. */
export const rowArgs = i32s('rows', 'width', 'perItem')

/** Their values for a matrix, and the items it is cut into: about a chunk of elements each. */
export function rowWork(rows: number, width: number) {
  const perItem = Math.max(1, Math.floor(chunk / Math.max(1, width)))
  return { items: Math.ceil(rows / perItem), args: { rows, width, perItem } }
}

/** Rows and width of a tensor whose last dimension is the width. */
export const rowsAndWidth = (t: Tensor): [rows: number, width: number] => [
  sizeOf(t.shape.slice(0, -1)),
  t.shape.at(-1) ?? 1,
]

/** Runs the body for each row of this item with its number and its byte offset in a dense matrix of that width. */
export function forEachRow(
  f: Fn,
  item: I32,
  { rows, width, perItem }: { [K in keyof typeof rowArgs]: I32 },
  body: (row: Local<I32>, offset: Local<I32>) => void,
): void {
  const [row, offset] = [f.i32(), f.i32()]
  const first = f.i32(item.mul(perItem))
  f.for(row, first, f.i32(first.add(perItem).min(rows)), 1, () => {
    offset.set(row.mul(width).shl(2))
    body(row, offset)
  })
}

/** The arguments of a column by column kernel, whose items add up rows in memory and in order; `columnsOf` reads them. */
export const columnArgs = i32s('rows', 'columns', 'perItem')

/** Their values for a matrix, and the items: up to 8 wide ones, since memory is fast along rows alone. */
export function columnWork(rows: number, columns: number) {
  const perItem = Math.max(64, 16 * Math.ceil(columns / 128))
  return { items: Math.ceil(columns / perItem), args: { rows, columns, perItem } }
}

/** This item's first column, how many it has, and the bytes from behind them to the next row's. */
export function columnsOf(f: Fn, item: I32, { columns, perItem }: { [K in keyof typeof columnArgs]: I32 }) {
  const start = f.i32(item.mul(perItem))
  const count = f.i32(columns.sub(start).min(perItem))
  return { start, count, gap: f.i32(columns.sub(count).shl(2)) }
}

/** to = sums (· scales, of int8 weights) + before, for so many columns; moves all four. */
export function addSums(
  f: Fn,
  columns: I32,
  at: Record<'sums' | 'before' | 'to', Local<I32>> & { scales?: Local<I32> },
): void {
  const { sums, scales, before, to } = at
  if (scales) forEach4(f, columns, [sums, scales, before], [to], (sum, k, x) => [f.madd(sum, k, x)])
  else forEach4(f, columns, [sums, before], [to], (sum, x) => [sum.add(x)])
}
