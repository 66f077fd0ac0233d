/**
 * The two graphs that the onnxruntimes are measured with, written as ONNX's protocol buffers, and what both runtimes
 * have in common (they share one API).
 */
import { numbers, sample } from '../numbers.mjs'

const varint = (n) => {
  const out = []
  for (; n > 127; n = Math.floor(n / 128)) out.push((n % 128) + 128)
  return [...out, n]
}
const bytes = (value) => (typeof value === 'string' ? [...new TextEncoder().encode(value)] : value)
/** A field of varint type, and one of bytes: a string or a message. */
const int = (field, value) => [...varint(field * 8), ...varint(value)]
const chunk = (field, value) => [...varint(field * 8 + 2), ...varint(bytes(value).length), ...bytes(value)]

const FLOAT = 1
const INT_ATTRIBUTE = 2
const shapeProto = (shape) => shape.flatMap((size) => chunk(1, int(1, size)))
const valueInfo = (name, shape) => [
  ...chunk(1, name),
  ...chunk(2, chunk(1, [...int(1, FLOAT), ...chunk(2, shapeProto(shape))])),
]
const attribute = ([name, value]) => [...chunk(1, name), ...int(3, value), ...int(20, INT_ATTRIBUTE)]

/** A model of one node. */
function model({ op, domain, inputs, output, attributes = {} }) {
  const node = [
    ...Object.keys(inputs).flatMap((name) => chunk(1, name)),
    ...chunk(2, 'out'),
    ...chunk(4, op),
    ...Object.entries(attributes).flatMap((a) => chunk(5, attribute(a))),
    ...chunk(7, domain),
  ]
  const graph = [
    ...chunk(1, node),
    ...chunk(2, 'bench'),
    ...Object.entries(inputs).flatMap(([name, shape]) => chunk(11, valueInfo(name, shape))),
    ...chunk(12, valueInfo('out', output)),
  ]
  const opset = (name, version) => chunk(8, [...chunk(1, name), ...int(2, version)])
  return Uint8Array.from([...int(1, 9), ...chunk(7, graph), ...opset('', 18), ...opset('com.microsoft', 1)])
}

const matmul = ({ m, n, k }) =>
  model({ op: 'MatMul', domain: '', inputs: { a: [m, k], b: [k, n] }, output: [m, n] })

const attention = ({ N, H, D, causal }) => {
  const shape = [1, N, H * D]
  return model({
    op: 'MultiHeadAttention',
    domain: 'com.microsoft',
    inputs: { q: shape, k: shape, v: shape },
    output: shape,
    attributes: { num_heads: H, unidirectional: causal ? 1 : 0 },
  })
}

/** A contender over an onnxruntime's `InferenceSession` and `Tensor`. */
export const onnxContender = ({ InferenceSession, Tensor }, version, options) => ({
  version,
  async prepare(work) {
    if (work.backward || !(work.m || work.N)) return { skip: 'computes no gradients' }
    const session = await InferenceSession.create(work.m ? matmul(work) : attention(work), options)
    const input = (seed, shape) =>
      new Tensor(
        'float32',
        numbers(
          shape.reduce((a, b) => a * b),
          seed,
        ),
        shape,
      )
    const shape = [1, work.N, work.H * work.D]
    const feeds = work.m
      ? { a: input(1, [work.m, work.k]), b: input(2, [work.k, work.n]) }
      : { q: input(1, shape), k: input(2, shape), v: input(3, shape) }
    let out
    return {
      run: async () => {
        out?.dispose()
        ;({ out } = await session.run(feeds))
      },
      sample: () => sample(out.data),
      dispose: () => session.release(),
    }
  },
})
