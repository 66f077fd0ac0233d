import { backendOf } from '../backends/current.js'
import { HeedError, HeedTypeError } from '../errors.js'
import { checkNumber, checkTrainable, emptyLike } from '../ops/check.js'
import { sameShape, show } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'

export type Params = Record<string, Tensor>

export interface AdamWOptions {
  /** Default 0.9. */
  beta1?: number
  /** Default 0.98, as in "Attention Is All You Need" (section 5.3). */
  beta2?: number
  /** Default 1e-9, of the same section. */
  eps?: number
  /** Default 0. */
  weightDecay?: number
  /** Gradients of a larger global norm are scaled down to it. Default Infinity: no clipping. */
  clip?: number
  /** Which parameters decay. Default: those of rank 2 and more whose name does not hold `embed`. */
  decays?: (name: string, param: Tensor) => boolean
}

export interface StepReport {
  /** √(Σ g²) over all parameters, before clipping. */
  norm: number
  /** True when the norm was not finite: nothing was changed. */
  skipped: boolean
}

/** Moments by name, `exp_avg.<param>` and `exp_avg_sq.<param>`, and the number of updates behind them. */
export interface AdamWState {
  updates: number
  tensors: Params
}

/**
 * Weight decay is for matrices that multiply activations. Biases and norms (rank 1) shift and scale, and a row of an
 * embedding table moves only when its token occurs, so that decay would shrink rare words: none of these decay.
 */
const decaysByDefault = (name: string, param: Tensor): boolean => param.rank >= 2 && !/embed/i.test(name)

/**
 * Adam with decoupled weight decay (Kingma & Ba 2015; Loshchilov & Hutter 2019) and clipping by the global norm:
 *
 *     m ← β₁·m + (1 − β₁)·g      v ← β₂·v + (1 − β₂)·g²
 *     θ ← θ − rate · ( (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + eps) + decay·θ )
 *
 * Writes into the parameters it was given; owns its moments until `dispose`.
 */
export class AdamW implements Disposable {
  readonly #params: Params
  readonly #options: Required<AdamWOptions>
  readonly #m: Params = {}
  readonly #v: Params = {}
  #updates = 0

  /**
   * @throws HeedTypeError `option` when a number is outside its range, `shape` when a parameter is a strided view;
   *   HeedError `unsupported` for one that is kept as float16 or int8
   */
  constructor(params: Params, options: AdamWOptions = {}) {
    const { beta1 = 0.9, beta2 = 0.98, eps = 1e-9, weightDecay = 0 } = options
    const { clip = Infinity, decays = decaysByDefault } = options
    checkNumber('AdamW', 'beta1', beta1, 0, 1)
    checkNumber('AdamW', 'beta2', beta2, 0, 1)
    checkNumber('AdamW', 'eps', eps, 0)
    checkNumber('AdamW', 'weightDecay', weightDecay, 0)
    if (!(clip > 0)) throw new HeedTypeError('option', `AdamW: clip must be a positive number, got ${clip}`)
    for (const [name, param] of Object.entries(params)) {
      checkLike('parameter', name, param, param)
      checkTrainable('AdamW', name, param)
    }
    this.#options = { beta1, beta2, eps, weightDecay, clip, decays }
    this.#params = { ...params }
    for (const [name, param] of Object.entries(params))
      for (const moments of [this.#m, this.#v]) {
        moments[name] = emptyLike(param).keep()
        backendOf(param).kernels.fill(moments[name], 0)
      }
  }

  /** Updates made so far; skipped steps do not count. */
  get updates(): number {
    return this.#updates
  }

  /**
   * One update with the gradients of all parameters, by name. A step whose gradient norm is NaN or infinite is
   * skipped: parameters and moments stay as they are.
   *
   * @throws HeedTypeError `shape` when a gradient is missing, a strided view or of another shape than its parameter,
   *   `dtype` when of another dtype or backend; `option` when the rate is no number from 0 up.
   */
  async step(grads: Params, rate: number): Promise<StepReport> {
    checkNumber('AdamW', 'rate', rate, 0)
    const names = Object.keys(this.#params)
    for (const name of names) checkLike('gradient', name, this.#params[name], grads[name])
    const norm = await globalNorm(names.map((name) => grads[name]))
    if (!Number.isFinite(norm)) return { norm, skipped: true }

    const { beta1, beta2, eps, weightDecay, clip, decays } = this.#options
    const gradScale = norm > clip ? clip / norm : 1
    const t = ++this.#updates
    const [correction1, correction2] = [1 - beta1 ** t, 1 - beta2 ** t]
    for (const name of names) {
      const param = this.#params[name]
      backendOf(param).kernels.adamw({
        param,
        grad: grads[name],
        m: this.#m[name],
        v: this.#v[name],
        gradScale,
        rate,
        beta1,
        beta2,
        eps,
        weightDecay: decays(name, param) ? weightDecay : 0,
        correction1,
        correction2,
      })
    }
    return { norm, skipped: false }
  }

  /** What `load` needs to go on from here. The tensors are the optimiser's own: save them, do not dispose them. */
  state(): AdamWState {
    const tensors: Params = {}
    for (const name of Object.keys(this.#params)) {
      tensors[`exp_avg.${name}`] = this.#m[name]
      tensors[`exp_avg_sq.${name}`] = this.#v[name]
    }
    return { updates: this.#updates, tensors }
  }

  /**
   * Goes on from a saved state, which is copied. Tensors under other names are ignored.
   *
   * @throws HeedError `format` when a moment is missing or of another shape, or `updates` is not a count.
   */
  load({ updates, tensors }: AdamWState): void {
    if (!Number.isSafeInteger(updates) || updates < 0)
      throw new HeedError('format', `AdamW: updates must be a count, got ${updates}`)
    const own = this.state().tensors
    for (const [name, moment] of Object.entries(own)) {
      const saved = tensors[name]
      if (!saved || saved.dtype !== moment.dtype || !sameShape(saved.shape, moment.shape))
        throw new HeedError(
          'format',
          `AdamW: the state has ${saved ?? 'nothing'} for ${name}, expected ${moment}`,
        )
    }
    for (const [name, moment] of Object.entries(own)) backendOf(moment).kernels.copy(tensors[name], moment)
    this.#updates = updates
  }

  /** Frees the moments; the parameters are the caller's. */
  dispose(): void {
    for (const moments of [this.#m, this.#v]) for (const t of Object.values(moments)) t.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

/** √(Σ x²) over all tensors, with a single read. */
export async function globalNorm(tensors: readonly Tensor[]): Promise<number> {
  if (tensors.length === 0) return 0
  const squares = emptyLike(tensors[0], [tensors.length])
  try {
    tensors.forEach((t, i) => backendOf(t).kernels.sumSquares(t, squares, i))
    let sum = 0
    for (const square of await squares.data()) sum += square
    return Math.sqrt(sum)
  } finally {
    squares.dispose()
  }
}

function checkLike(what: string, name: string, param: Tensor, t: Tensor | undefined): void {
  if (!t || !sameShape(t.shape, param.shape))
    throw new HeedTypeError(
      'shape',
      `AdamW: the ${what} of ${name} must be ${show(param.shape)}, got ${t ? show(t.shape) : 'none'}`,
    )
  if (t.dtype !== param.dtype || t.device !== param.device)
    throw new HeedTypeError('dtype', `AdamW: the ${what} of ${name} is ${t}, the parameter ${param}`)
  if (!t.isDense)
    throw new HeedTypeError('shape', `AdamW: the ${what} of ${name} is a strided view; give a dense tensor`)
}
