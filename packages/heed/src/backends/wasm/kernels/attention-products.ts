import type { Fn } from '../emit/function.js'
import type { ModuleBuilder } from '../emit/module.js'
import { i32, type I32 } from '../emit/values.js'
import { rowBytes } from './attention-layout.js'
import { micro, newTile, tileColumns, unroll } from './micro.js'
import { packAcross, packAlong } from './pack.js'

/** Bytes of one step of the contraction in a packed panel of columns. */
const stepBytes = tileColumns * 4

/** The products of attention: always one group of rows, as many as a register tile has, times packed panels. */
export function products(m: ModuleBuilder) {
  const groupRows = m.simd.rows
  const scores = product(m, 'scores', { strideRow: 4, strideK: groupRows * 4, accumulate: false })
  const overKeys = product(m, 'overKeys', { strideRow: rowBytes, strideK: 4, accumulate: true })
  const overQueries = product(m, 'overQueries', { strideRow: 4, strideK: rowBytes, accumulate: true })
  return {
    /** Queries (or dO) as the A of a product over the head dimension. */
    packGroups: packAlong(m, groupRows),
    /** Keys (or V) as the B of such a product. */
    packColumns: packAlong(m, tileColumns),
    /** Rows of K, V, Q or dO as the B of a product over keys or queries. */
    packRows: packAcross(m, tileColumns),

    /** S = A · Bᵀ over `depth` steps: a packed group times packed columns. */
    scores(f: Fn, A: I32, B: I32, S: I32, columns: I32, depth: I32): void {
      f.call(scores, A, B, S, i32(rowBytes), columns, depth, depth.mul(stepBytes), i32(0))
    },

    /** C = factors ⊙ C + P · B over `keys` steps, rows of P being queries; B's panels hold `panelKeys` steps. */
    overKeys(f: Fn, P: I32, B: I32, C: I32, a: Accumulation & { keys: I32; panelKeys: I32 }): void {
      const panel = a.panelKeys.roundUp(unroll).mul(stepBytes)
      f.call(overKeys, P, B, C, a.width.shl(2), a.width, a.keys, panel, a.factors)
    },

    /**
     * C = factors ⊙ C + Pᵀ · B over the steps from `from` (a multiple of 4) to `to`, rows of Pᵀ being keys; B's panels
     * hold `panelRows` steps.
     */
    overQueries(f: Fn, P: I32, B: I32, C: I32, a: QueryAccumulation): void {
      const panel = a.panelRows.roundUp(unroll).mul(stepBytes)
      const [A, steps] = [P.add(a.from.mul(rowBytes)), B.add(a.from.mul(stepBytes))]
      f.call(overQueries, A, steps, C, a.width.shl(2), a.width, a.to.sub(a.from), panel, a.factors)
    },
  }
}

export interface Accumulation {
  /** Columns of C, a multiple of 8. */
  width: I32
  /** Address of a factor for each row of the group. */
  factors: I32
}

export interface QueryAccumulation extends Accumulation {
  from: I32
  to: I32
  panelRows: I32
}

interface ProductShape {
  strideRow: number
  strideK: number
  accumulate: boolean
}

/** (a, b, c, bytes per row of c, columns, k, bytes per panel of b, factors): one group of rows times packed panels. */
const product = (m: ModuleBuilder, name: string, { strideRow, strideK, accumulate }: ProductShape) =>
  m.once(name, () =>
    m.func(
      ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
      (f, a0, b0, c0, ldc, columns, k, panel, factors) => {
        const tile = newTile(f)
        const [a, b, c] = [f.i32(), f.i32(), f.i32()]
        const end = f.i32(c0.add(columns.shl(2)))
        k.set(k.roundUp(unroll))
        f.while(
          () => c0.ltU(end),
          () => {
            a.set(a0)
            b.set(b0)
            micro(f, tile, { a, b, k, strideRow, strideK })
            c.set(c0)
            tile.acc.forEach((row, r) => {
              if (accumulate) tile.a.set(factors.splatF32(r * 4))
              row.forEach((x, q) => f.store(c, accumulate ? f.madd(tile.a, c.v128(q * 16), x) : x, q * 16))
              c.set(c.add(ldc))
            })
            b0.set(b0.add(panel))
            c0.set(c0.add(stepBytes))
          },
        )
      },
    ),
  )
