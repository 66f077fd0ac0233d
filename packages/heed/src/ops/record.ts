import { hold } from '../tensor/owners.js'
import type { Tensor } from '../tensor/tensor.js'

/**
 * From the gradient of an op's output to those of its inputs, in their order; `undefined` where an input has none.
 * `wanted[i]` says whether input i leads to a parameter: what is not wanted need not be computed.
 */
export type Backward = (dy: Tensor, wanted: readonly boolean[]) => (Tensor | undefined)[]

/** Where ops write what they did while gradients are wanted; autograd provides it. */
export interface Recorder {
  record(op: string, inputs: readonly (Tensor | undefined)[], output: Tensor, backward: Backward): void
}

let recorder: Recorder | undefined

/** Sets who listens and gives who listened before. */
export function setRecorder(next: Recorder | undefined): Recorder | undefined {
  const before = recorder
  recorder = next
  hold(next !== undefined)
  return before
}

/** Called by every op on its output; does nothing while no gradient is wanted. Gives the output back. */
export function record(
  op: string,
  inputs: readonly (Tensor | undefined)[],
  output: Tensor,
  backward: Backward,
): Tensor {
  recorder?.record(op, inputs, output, backward)
  return output
}
