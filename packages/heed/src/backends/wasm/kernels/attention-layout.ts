import type { Fn, Local } from '../emit/function.js'
import { i32, type I32 } from '../emit/values.js'
import type { AttentionArgs } from './attention-args.js'

/*
 * How the attention kernels cut a map and where things lie. A map is walked in blocks of queries × `blockColumns` keys,
 * and in a block by groups of as many queries as a register tile has rows (4 to 6). What a group computes are rows of
 * `blockColumns` floats in scratch.
 */

/** Queries per block of the backward and the probes. Groups may reach beyond a block by `overhang` rows. */
export const blockRows = 96
/** Keys per block: a multiple of 8, as register tiles have columns, and of 4, as steps of a product are written out. */
export const blockColumns = 256
/** More than any group's last rows, or panel's last columns, can lie behind the end of a block. */
export const overhang = 8
/**
 * Bytes from one row of scores to the next. The backward reads columns of them: with a power of two all rows of a
 * column would share a few places in the cache, so there is a line more (which also takes what a panel writes too far).
 */
export const rowBytes = blockColumns * 4 + 64

/** The first key of the block that a key lies in. */
export const blockAt = (key: I32): I32 => key.divU(blockColumns).mul(blockColumns)

/** Cuts a thread's scratch memory into pieces, 64-byte aligned, with room for what packing writes too far. */
export function carver(f: Fn, scratch: I32): (bytes: I32 | number) => Local<I32> {
  const top = f.i32(scratch)
  return (bytes) => {
    const piece = f.i32(top)
    top.set(top.add(i32(bytes)).add(127).and(-64))
    return piece
  }
}

/** Address of time step 0 of a head in a tensor [B, T, H, size] whose batches are `strideB` bytes apart. */
export const headAt = (base: I32, strideB: I32, batch: I32, head: I32, size: I32): I32 =>
  base.add(batch.mul(strideB)).add(head.mul(size).shl(2))

/** Byte offset of query i of a head in m and ℓ, [B, H, Tq]. */
export const statsAt = (p: AttentionArgs, batch: I32, head: I32, i: I32): I32 =>
  batch.mul(p.H).add(head).mul(p.Tq).add(i).shl(2)

/** Runs the body for each row of a group of scores, or of the first `rows`, S moving on from row to row. */
export function forEachGroupRow(
  f: Fn,
  S: Local<I32>,
  body: (at: Local<I32>) => void,
  rows = f.simd.rows,
): void {
  const [r, at] = [f.i32(), f.i32()]
  f.for(r, 0, i32(rows), 1, () => {
    at.set(S)
    body(at)
    S.set(S.add(rowBytes))
  })
}

/**
 * Runs the body for every vector of `columns` floats, a multiple of 8, and moves the pointers on: two at a time, `pair`
 * saying which, so that chains of maxima and sums need not wait for each other.
 */
export function forEachPair(f: Fn, columns: I32, at: Local<I32>[], body: (pair: 0 | 1) => void): void {
  const end = f.i32(at[0].add(columns.shl(2)))
  f.while(
    () => at[0].ltU(end),
    () => {
      body(0)
      body(1)
      for (const p of at) p.set(p.add(32))
    },
  )
}
