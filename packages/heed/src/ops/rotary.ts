import { HeedTypeError } from '../errors.js'
import { sameShape, show } from '../tensor/shape.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { headsDense } from './attention.js'
import { checkFloats, dense, emptyLike } from './check.js'
import { record } from './record.js'

export interface RotaryOptions {
  /**
   * Which components make a pair: true for neighbours (2i, 2i + 1), as in the paper and GPT-J; false for (i, i + R/2), as
   * in GPT-NeoX, Llama and most Hugging Face models. Default false.
   */
  interleaved?: boolean
}

/**
 * Rotary position embedding (Su et al. 2021): every pair (a, b) of the first R components of each head becomes
 * (a cos θ − b sin θ, b cos θ + a sin θ), so that the product of a query and a key depends on how far apart they stand;
 * the other D − R components pass through. x float [B, T, H, D] → [B, T, H, D], where [H, D] must be dense and batch and
 * time may have strides; cos and sin [T, R/2] for every batch, or [B, T, R/2]: `rotaryTables` makes them.
 *
 * Backward: the turn by −θ. cos and sin get no gradient: they are numbers.
 *
 * @throws HeedTypeError `shape` when cos and sin do not fit x or each other, `option` for an option that is not offered.
 */
export function rotary(x: Tensor, cos: Tensor, sin: Tensor, options: RotaryOptions = {}): Tensor {
  return scope(() => {
    const { kernels } = checkFloats('rotary', { x, cos, sin })
    checkShapes(x, cos, sin)
    ;[cos, sin] = [dense(cos), dense(sin)]
    const [interleaved, out] = [isInterleaved(options), emptyLike(x)]
    kernels.rotary({ cos, sin, interleaved, x: headsDense(x), inverse: false, out })
    return record('rotary', [x], out, (dy) => {
      const dx = emptyLike(x)
      kernels.rotary({ cos, sin, interleaved, x: dy, inverse: true, out: dx })
      return [dx]
    })
  })
}

function checkShapes(x: Tensor, cos: Tensor, sin: Tensor): void {
  const check = (ok: boolean, problem: string) => {
    if (!ok)
      throw new HeedTypeError(
        'shape',
        `rotary: ${problem}: x ${show(x.shape)}, cos ${show(cos.shape)}, sin ${show(sin.shape)}`,
      )
  }
  check(x.rank === 4, 'x must be [B, T, H, D]')
  const [B, T, , D] = x.shape
  const half = cos.shape.at(-1)!
  check(sameShape(cos.shape, sin.shape), 'cos and sin must have one shape')
  check(
    sameShape(cos.shape, [T, half]) || sameShape(cos.shape, [B, T, half]),
    `cos and sin must be [T, R/2] = [${T}, ·] or [B, T, R/2] = [${B}, ${T}, ·]`,
  )
  check(2 * half <= D, `R = ${2 * half} components are turned, but heads have ${D}`)
}

function isInterleaved(options: RotaryOptions): boolean {
  if (typeof options !== 'object' || options === null)
    throw new HeedTypeError('option', `rotary: the options must be an object, got ${String(options)}`)
  const { interleaved = false, ...others } = options
  const [other] = Object.keys(others)
  if (other !== undefined)
    throw new HeedTypeError('option', `rotary: there is no option '${other}'; there is interleaved`)
  if (typeof interleaved !== 'boolean')
    throw new HeedTypeError('option', `rotary: interleaved must be true or false, got ${String(interleaved)}`)
  return interleaved
}
