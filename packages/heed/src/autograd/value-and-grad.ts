import { HeedTypeError } from '../errors.js'
import { backendOf } from '../backends/current.js'
import { checkTrainable, emptyLike } from '../ops/check.js'
import { type Backward, type Recorder, setRecorder } from '../ops/record.js'
import { scope } from '../tensor/scope.js'
import { show } from '../tensor/shape.js'
import { Tensor } from '../tensor/tensor.js'

interface Node {
  op: string
  inputs: readonly (Tensor | undefined)[]
  output: Tensor
  backward: Backward
}

/** Remembers the ops whose result depends on a parameter, in the order they ran. */
class Tape implements Recorder {
  readonly nodes: Node[] = []
  readonly #tracked: Set<Tensor>

  constructor(
    params: Iterable<Tensor>,
    /** The tape of an enclosing valueAndGrad, which must see these ops too. */
    readonly outer: Recorder | undefined,
  ) {
    this.#tracked = new Set(params)
  }

  tracks = (t: Tensor | undefined): boolean => t !== undefined && this.#tracked.has(t)

  record(op: string, inputs: readonly (Tensor | undefined)[], output: Tensor, backward: Backward): void {
    this.outer?.record(op, inputs, output, backward)
    if (!inputs.some(this.tracks)) return
    this.#tracked.add(output)
    this.nodes.push({ op, inputs, output, backward })
  }
}

/**
 * Runs `fn`, which computes a loss (one element) from the parameters, and backpropagates: gives the loss and, under
 * the same names, the gradient of every parameter (zeros where the loss does not depend on it). All other tensors
 * that `fn` made are freed. Calls nest, but gradients are numbers: an enclosing call differentiates through the value
 * of an inner one, not through its gradients. Reverse-mode differentiation over the fused ops of `ops/`, each with its own backward.
 *
 * @throws HeedTypeError `shape` when the result is not a single number, `option` when it is no tensor, such as the
 *   promise of an async function; HeedError `unsupported` for a parameter that is kept as float16 or int8.
 */
export function valueAndGrad<P extends Record<string, Tensor>>(
  params: P,
  fn: () => Tensor,
): { value: Tensor; grads: { [K in keyof P]: Tensor } } {
  for (const [name, param] of Object.entries(params)) checkTrainable('valueAndGrad', name, param)
  return scope(() => {
    const outer = setRecorder(undefined)
    const tape = new Tape(Object.values(params), outer)
    let value: Tensor
    try {
      setRecorder(tape)
      value = fn()
    } finally {
      setRecorder(outer)
    }
    if (!(value instanceof Tensor))
      throw new HeedTypeError(
        'option',
        'valueAndGrad: the function must give a tensor, at once: it may not be async',
      )
    if (value.size !== 1)
      throw new HeedTypeError(
        'shape',
        `valueAndGrad: the function must give one number, got shape ${show(value.shape)}`,
      )
    return { value, grads: backpropagate(tape, params, value) }
  })
}

function backpropagate<P extends Record<string, Tensor>>(
  tape: Tape,
  params: P,
  value: Tensor,
): { [K in keyof P]: Tensor } {
  const { kernels } = backendOf(value)
  const filled = (like: Tensor, x: number) => {
    const t = emptyLike(like)
    kernels.fill(t, x)
    return t
  }
  const grads = new Map<Tensor, Tensor>([[value, filled(value, 1)]])
  const isParam = new Set<Tensor>(Object.values(params))

  const accumulate = (input: Tensor, gradient: Tensor) => {
    const soFar = grads.get(input)
    if (!soFar) return void grads.set(input, gradient)
    const sum = emptyLike(soFar)
    kernels.add(soFar, gradient, sum)
    grads.set(input, sum)
    soFar.dispose()
  }

  for (const { inputs, output, backward } of tape.nodes.reverse()) {
    const dy = grads.get(output)
    if (!dy) continue // computed, but the loss does not depend on it
    const wanted = inputs.map(tape.tracks)
    // What a backward makes on the way is freed at once: only gradients outlive it.
    scope(() => {
      const own = backward(dy, wanted)
      inputs.forEach((input, i) => {
        if (input && wanted[i] && own[i]) accumulate(input, own[i])
      })
      return [...grads.values()]
    })
    if (!isParam.has(output)) {
      grads.delete(output)
      dy.dispose()
    }
  }
  return Object.fromEntries(
    Object.entries(params).map(([name, p]) => [name, grads.get(p) ?? filled(p, 0)]),
  ) as { [K in keyof P]: Tensor }
}
