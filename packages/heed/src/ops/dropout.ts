import type { Tensor } from '../tensor/tensor.js'
import { checkFloats, checkNumber, dense, emptyLike } from './check.js'
import { record } from './record.js'
import { scope } from '../tensor/scope.js'

/**
 * x float [...] → [...]: sets each element to 0 with probability `rate` and divides the rest by 1 − rate (Srivastava et al. 2014). Which
 * ones fall is a pure function of `seed` and the element's index (backends/random.ts).
 *
 * Backward: the same mask applied to dy.
 *
 * @param rate from 0 to below 1
 * @param seed 32 bits of a whole number; another one gives another mask
 * @throws HeedTypeError `option` when the rate is out of range, `dtype` when x is not float.
 */
export function dropout(x: Tensor, rate: number, seed: number): Tensor {
  return scope(() => {
    const { kernels } = checkFloats('dropout', { x })
    checkNumber('dropout', 'rate', rate, 0, 1)
    const out = emptyLike(x)
    kernels.dropout(dense(x), rate, seed, out)
    return record('dropout', [x], out, (dy) => {
      const dx = emptyLike(x)
      kernels.dropout(dy, rate, seed, dx)
      return [dx]
    })
  })
}
