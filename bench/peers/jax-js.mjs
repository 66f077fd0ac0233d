import { readFileSync } from 'node:fs'
import { numbers, sample } from '../numbers.mjs'

// Node 20 has no iterator helpers, of which it uses some.
const iterators = Object.getPrototypeOf(Object.getPrototypeOf([].values()))
iterators.map ??= function* (f) {
  let i = 0
  for (const x of this) yield f(x, i++)
}
iterators.filter ??= function* (f) {
  let i = 0
  for (const x of this) if (f(x, i++)) yield x
}
iterators.toArray ??= function () {
  return [...this]
}

/** In Node it has no threads (it looks for a global Worker), and computes each op before the next. */
export async function start() {
  const jax = await import('@jax-js/jax')
  await jax.init('wasm')
  jax.defaultDevice('wasm')
  const file = new URL('../package.json', import.meta.resolve('@jax-js/jax'))
  const { version } = JSON.parse(readFileSync(file, 'utf8'))
  return { version, prepare: (work) => prepare(jax, work) }
}

async function prepare({ numpy: np, nn, jit, grad }, work) {
  const input = (seed, shape) =>
    np.array(
      numbers(
        shape.reduce((a, b) => a * b),
        seed,
      ),
      { shape },
    )
  const { N, H, D } = work
  const shape = [N, H, D]
  const inputs = work.m
    ? [input(1, [work.m, work.k]), input(2, [work.k, work.n])]
    : [1, 2, 3].map((seed) => input(seed, shape))
  const attention = (q, k, v) => nn.dotProductAttention(q, k, v, { isCausal: work.causal })
  let f = jit(work.m ? (a, b) => np.matmul(a, b) : attention)
  if (work.backward) {
    // Σ out ⊙ dOut has dOut as the gradient of the output.
    inputs.push(input(5, shape))
    const loss = (q, k, v, dOut) => np.sum(np.multiply(attention(q, k, v), dOut))
    f = jit(grad(loss, { argnums: [0, 1, 2] }))
  }
  let out
  return {
    run: async () => {
      for (const array of [out].flat()) array?.dispose()
      // A function takes its arguments over; a reference of ours keeps them alive.
      out = f(...inputs.map((array) => array.ref))
      for (const array of [out].flat()) await array.blockUntilReady()
    },
    sample: async () => sample(await [out].flat()[0].ref.data()),
    dispose: () => [...inputs, ...[out].flat()].forEach((array) => array?.dispose()),
  }
}
