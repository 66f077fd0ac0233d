import type { Activation } from '../backends/backend.js'
import { show, sizeOf } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { activation } from './activation.js'
import { checkFloats, checkShapeIs, checkTrainable, checkWeight, dense, emptyLike } from './check.js'
import { record } from './record.js'
import { scope } from '../tensor/scope.js'

export interface LinearOptions {
  /** Applied to the result: linear(x, W, b, { activation: 'relu' }) = max(0, x Wᵀ + b). */
  activation?: Activation
  /** The weight is stored as [in, out], as GPT-2's are: x W + b. Default false. */
  transposed?: boolean
}

/**
 * y = x Wᵀ + b: x [..., in], weight [out, in] as PyTorch and Hugging Face store it, bias [out] → [..., out]. The weight
 * may be float16, or int8 with a scale for each of `out`.
 *
 * Backward: dx = dy W, dW = dyᵀ x (of a transposed weight: dy Wᵀ and xᵀ dy), db = Σ dy over all rows.
 *
 * @throws HeedTypeError `shape` when the widths differ; when gradients are asked for, HeedError `unsupported` for a
 *   float16 or int8 weight.
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor, options: LinearOptions = {}): Tensor {
  return scope(() => {
    const { kernels } = checkFloats('linear', { x }, { bias })
    const { activation: kind, transposed = false } = options
    const width = x.shape.at(-1) ?? 1
    checkWeight('linear', 'weight', weight, transposed ? [1, -1] : [-1, 1], x)
    checkShapeIs(
      'linear',
      'weight',
      weight,
      transposed ? [width, -1] : [-1, width],
      () => `for x [..., ${width}]`,
    )
    const outWidth = weight.shape[transposed ? 1 : 0]
    if (bias) checkShapeIs('linear', 'bias', bias, [outWidth], () => `for weight ${show(weight.shape)}`)

    const rows = sizeOf(x.shape.slice(0, -1))
    const a = dense(x).view([rows, width])
    const w = dense(weight)
    const out = emptyLike(x, [...x.shape.slice(0, -1), outWidth])
    const flat = out.view([rows, outWidth])
    kernels.matmul({ a, b: w, transposeB: !transposed, bias: bias && dense(bias), out: flat })
    const y = record('linear', [x, weight, bias], out, (dOut, [wantX, wantW, wantB]) => {
      checkTrainable('linear', 'weight', weight)
      const dy = dOut.view([rows, outWidth])
      let dx, dW, dB
      if (wantX)
        kernels.matmul({ a: dy, b: w, transposeB: transposed, out: (dx = emptyLike(x)).view([rows, width]) })
      // dW is the product of the two that has the weight's own layout.
      const [first, second] = transposed ? [a, dy] : [dy, a]
      if (wantW) kernels.matmul({ a: first, b: second, transposeA: true, out: (dW = emptyLike(weight)) })
      if (wantB) kernels.sumLeading(dy, (dB = emptyLike(bias!)))
      return [dx, dW, dB]
    })
    return kind ? activation(kind, y) : y
  })
}
