import { valueAndGrad } from '../autograd/index.js'
import type { Backend } from '../backends/backend.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { randn } from '../ops/index.js'
import type { Shape } from '../tensor/shape.js'
import { scope } from '../tensor/scope.js'
import { liveTensors, type Tensor } from '../tensor/tensor.js'
import { withBackend } from './backends.js'
import { weightedSum } from './gradcheck.js'
import { expectWithin } from './within.js'

type Tensors = Record<string, Tensor>

/**
 * Runs `fn` on `backend` and on the reference with the same random float inputs of the given shapes, forward and
 * backward, and throws unless output and gradients agree within 1e-5. All gradients are one vector here, and the output
 * is joined with the inputs: where a number is what is left of nearly equal terms, the others show how large the terms
 * are, and the rounding of float32 is measured against those. Also throws when tensors leak.
 */
export async function expectAgreement(
  backend: Backend,
  shapes: Record<string, Shape>,
  fn: (inputs: Tensors) => Tensor,
  seed = 1,
): Promise<void> {
  const before = liveTensors()
  const expected = await outputAndGradients(new ReferenceBackend(), shapes, fn, seed)
  const got = await outputAndGradients(backend, shapes, fn, seed)
  await expectWithin(got.output, expected.output, 1e-5, 'output, joined with the inputs')
  await expectWithin(
    got.gradients,
    expected.gradients,
    1e-5,
    `gradients of ${Object.keys(shapes).join(', ')}, joined`,
  )
  if (liveTensors() !== before) throw new Error(`${liveTensors() - before} tensors leaked`)
}

function outputAndGradients(
  backend: Backend,
  shapes: Record<string, Shape>,
  fn: (inputs: Tensors) => Tensor,
  seed: number,
): Promise<{ output: number[]; gradients: number[] }> {
  return withBackend(backend, async () => {
    const inputs = mapValues(shapes, (shape, i) => randn(shape, { seed: seed + i }))
    const output = scope(() => fn(inputs))
    const { value, grads } = valueAndGrad(inputs, () => weightedSum(fn(inputs)))
    const gradients: number[] = []
    for (const gradient of Object.values(grads))
      for (const value of await gradient.data()) gradients.push(value)
    const joined = [...(await output.data())]
    for (const input of Object.values(inputs)) for (const x of await input.data()) joined.push(x)
    const read = { output: joined, gradients }
    for (const t of [output, value, ...Object.values(grads), ...Object.values(inputs)]) t.dispose()
    return read
  })
}

const mapValues = <A, B>(record: Record<string, A>, f: (a: A, i: number) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, a], i) => [name, f(a, i)]))
