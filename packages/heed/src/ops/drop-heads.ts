import { backendOf } from '../backends/current.js'
import { randomUnit } from '../backends/random.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkFloats, checkNumber, checkShapeIs, dense, emptyLike } from './check.js'
import { tensor } from './create.js'
import { record } from './record.js'

/**
 * DropHead ("Scheduled DropHead", Zhou et al. 2020; a constant rate): x float [B, T, H, D], outputs of attention heads,
 * → [B, T, H, D]. Every head of every sequence is set to 0 with probability `rate`; of a sequence that keeps n heads
 * these are multiplied by H / n. Where all would fall, the one whose random number is the largest stays. Which ones
 * fall is a pure function of `seed` and the place of the sequence and head (backends/random.ts).
 *
 * Backward: the same factors applied to dy.
 *
 * @param rate from 0 to below 1
 * @param seed 32 bits of a whole number; another one drops others
 * @throws HeedTypeError `option` when the rate is out of range, `shape` when x is not [B, T, H, D], `dtype` when it is
 *   not float.
 */
export function dropHeads(x: Tensor, rate: number, seed: number): Tensor {
  return scope(() => {
    const { kernels } = checkFloats('dropHeads', { x })
    checkShapeIs('dropHeads', 'x', x, [-1, -1, -1, -1], () => '= [B, T, H, D]')
    checkNumber('dropHeads', 'rate', rate, 0, 1)
    const [B, , H] = x.shape
    const byHead = tensor(headFactors(B, H, rate, seed), [B, 1, H, 1], {
      dtype: x.dtype,
      backend: backendOf(x),
    })
    const factors = dense(byHead.view(x.shape, [H, 0, 1, 0]))
    const out = emptyLike(x)
    // No factor is negative, so that relu leaves them as they are.
    kernels.gated('relu', factors, dense(x), out)
    return record('dropHeads', [x], out, (dy) => {
      const dx = emptyLike(x)
      kernels.gated('relu', factors, dy, dx)
      return [dx]
    })
  })
}

/** What each head of each sequence is multiplied by, [B, H]: 0, or H over the number of heads that the sequence keeps. */
function headFactors(B: number, H: number, rate: number, seed: number): Float64Array {
  const factors = new Float64Array(B * H)
  for (let b = 0; b < B; b++) {
    const units = Array.from({ length: H }, (_, h) => randomUnit(seed, b * H + h))
    const least = Math.min(rate, Math.max(...units))
    const kept = units.filter((unit) => unit >= least).length
    for (const [h, unit] of units.entries()) factors[b * H + h] = unit >= least ? H / kept : 0
  }
  return factors
}
