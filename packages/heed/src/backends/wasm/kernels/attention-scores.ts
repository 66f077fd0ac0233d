import type { Fn } from '../emit/function.js'
import type { ModuleBuilder } from '../emit/module.js'
import type { I32 } from '../emit/values.js'
import type { AttentionArgs } from './attention-args.js'
import { rowBytes } from './attention-layout.js'
import { products } from './attention-products.js'
import { rowLoops } from './attention-rows.js'
import { softcaps } from './attention-softcap.js'
import { hiders, type Visibility } from './attention-visibility.js'
import { forEach4 } from './support.js'

/**
 * What forward, backward and probe share: products, and the scores of a group of queries against a block of keys. A
 * score is scale·q · k summed in order of the head dimension wherever it is computed, so its bits are the same in all
 * three.
 */
export function attentionScores(m: ModuleBuilder) {
  const groupRows = m.simd.rows
  const [product, loops] = [products(m), rowLoops(m)]
  const [hide, softcap, scale] = [hiders(m), softcaps(m), scaleInPlace(m)]

  /**
   * What becomes of a group's products with the keys: softcap(S) + bias, −∞ where the rules do not allow. `slopes` is where
   * the derivative of the softcap goes, if it is wanted and there is one.
   */
  function applyRules(f: Fn, p: AttentionArgs, see: Visibility, a: GroupRules, slopes?: I32): void {
    const { S, columns } = a
    f.if(p.softcap.gt(0), () => {
      if (slopes) f.call(softcap.slope, S, slopes, columns, p.softcap)
      f.call(softcap.apply, S, columns, p.softcap)
    })
    const rows = a.rows.min(groupRows)
    f.if(p.bias, () => {
      const row = p.bias.add(a.batch.mul(p.biasB)).add(a.head.mul(p.biasH)).add(a.i.mul(p.biasQ))
      const from = row.add(a.j0.shl(2))
      loops.addRows(f, { from, fromStep: p.biasQ, to: S, toStep: rowBytes, rows, width: columns })
    })
    hide.outside(f, S, columns, see.limits(a.i, a.j0))
    f.if(p.mask, () => {
      const row = p.mask.add(a.batch.mul(p.maskB)).add(a.head.mul(p.maskH)).add(a.i.mul(p.maskQ))
      hide.masked(f, S, rows, columns.min(a.keys), row.add(a.j0.mul(p.maskK)), p.maskQ, p.maskK)
    })
  }

  return {
    ...product,
    ...loops,
    applyRules,

    /** `rows` queries from address `from` on, times the scale, in groups at Q. */
    packQueries(f: Fn, p: AttentionArgs, from: I32, Q: I32, rows: I32, depth: I32): void {
      f.call(product.packGroups, from, Q, rows, p.D, p.qT)
      f.call(scale, Q, rows.roundUp(groupRows).mul(depth), p.scale)
    },

    /** The scores of a group of queries Q as the softmax takes them, and `slopes` as `applyRules` says. */
    groupScores(f: Fn, p: AttentionArgs, see: Visibility, a: GroupScores, slopes?: I32): void {
      product.scores(f, a.Q, a.K, a.S, a.columns, a.depth)
      applyRules(f, p, see, a, slopes)
    },
  }
}

export interface GroupScores extends GroupRules {
  /** The group's packed queries, and the block's packed keys. */
  Q: I32
  K: I32
  depth: I32
}

export interface GroupRules {
  /** Where the scores are. */
  S: I32
  /** Where in the map the group lies: its first query, and how many there are from it on in the block. */
  batch: I32
  head: I32
  i: I32
  rows: I32
  /** The block's first key, and how many it has. */
  j0: I32
  keys: I32
  /** Columns computed: whole panels, and no more of them than the group needs. */
  columns: I32
}

/** (address, count, factor): multiplies floats in place. */
const scaleInPlace = (m: ModuleBuilder) =>
  m.once('scaleInPlace', () =>
    m.func(['i32', 'i32', 'f32'], (f, at, count, factor) => {
      const k = f.v128(factor.splat())
      forEach4(f, count, [at], [at], (x) => [x.mul(k)])
    }),
  )
