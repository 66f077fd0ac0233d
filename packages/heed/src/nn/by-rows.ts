import { backendOf } from '../backends/current.js'
import { dense, emptyLike } from '../ops/check.js'
import { isHeld } from '../tensor/owners.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'

/** Enough that kernels have work for many threads and read each weight seldom. */
const MOST_ROWS = 2048

/**
 * f(x), x and f(x) both [..., D], for an f that treats each row by itself, as a feed-forward does: of a long x a few
 * rows at a time, so that what f makes on the way (four times as wide as x, and more) is there for these alone. The same
 * bits as f of all at once. While gradients are being recorded it is f of all at once, since the backward needs all.
 */
export function byRows(x: Tensor, f: (rows: Tensor) => Tensor): Tensor {
  const D = x.shape.at(-1)!
  const count = x.size / D
  if (isHeld() || !(count > MOST_ROWS)) return scope(() => f(x))
  return scope(() => {
    const from = dense(x)
    const out = emptyLike(x)
    for (let row = 0; row < count; row += MOST_ROWS) {
      const some = (t: Tensor) => t.view([Math.min(MOST_ROWS, count - row), D], [D, 1], t.offset + row * D)
      scope(() => backendOf(x).kernels.copy(f(some(from)), some(out)))
    }
    return out
  })
}
