import type { Activation } from '../backends/backend.js'
import { sizeOf } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { activation } from './activation.js'
import { checkFloats, checkShapeIs, dense, emptyLike } from './check.js'
import { record } from './record.js'
import { scope } from '../tensor/scope.js'

export interface LinearOptions {
  /** Applied to the result: linear(x, W, b, { activation: 'relu' }) = max(0, x Wᵀ + b). */
  activation?: Activation
}

/**
 * y = x Wᵀ + b: x [..., in], weight [out, in] as PyTorch and Hugging Face store it, bias [out] → [..., out].
 *
 * Backward: dx = dy W, dW = dyᵀ x, db = Σ dy over all rows.
 *
 * @throws HeedTypeError `shape` when the widths differ.
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor, options: LinearOptions = {}): Tensor {
  return scope(() => {
    const { kernels } = checkFloats('linear', { x, weight }, { bias })
    const width = x.shape.at(-1) ?? 1
    checkShapeIs('linear', 'weight', weight, [-1, width], `for x [..., ${width}]`)
    const outWidth = weight.shape[0]
    if (bias) checkShapeIs('linear', 'bias', bias, [outWidth], `for weight [${outWidth}, ${width}]`)

    const rows = sizeOf(x.shape.slice(0, -1))
    const a = dense(x).view([rows, width])
    const w = dense(weight)
    const out = emptyLike(x, [...x.shape.slice(0, -1), outWidth])
    kernels.matmul({ a, b: w, transposeB: true, bias: bias && dense(bias), out: out.view([rows, outWidth]) })
    const y = record('linear', [x, weight, bias], out, (dOut, [wantX, wantW, wantB]) => {
      const dy = dOut.view([rows, outWidth])
      let dx, dW, dB
      if (wantX) kernels.matmul({ a: dy, b: w, out: (dx = emptyLike(x)).view([rows, width]) })
      if (wantW) kernels.matmul({ a: dy, b: a, transposeA: true, out: (dW = emptyLike(weight)) })
      if (wantB) kernels.sumLeading(dy, (dB = emptyLike(bias!)))
      return [dx, dW, dB]
    })
    return options.activation ? activation(options.activation, y) : y
  })
}
