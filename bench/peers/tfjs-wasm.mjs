import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { numbers, sample } from '../numbers.mjs'

export async function start({ threads }) {
  const require = createRequire(import.meta.url)
  const tf = require('@tensorflow/tfjs-core')
  const wasm = require('@tensorflow/tfjs-backend-wasm')
  wasm.setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), '/'))
  wasm.setThreadsCount(threads)
  await tf.setBackend('wasm')
  await tf.ready()
  return { version: wasm.version_wasm, prepare: (work) => prepare(tf, work) }
}

async function prepare(tf, work) {
  if (work.backward) return { skip: 'its attention has no gradient here' }
  const input = (seed, shape) =>
    tf.tensor(
      numbers(
        shape.reduce((a, b) => a * b),
        seed,
      ),
      shape,
    )
  const { N, H, D } = work
  const inputs = work.m
    ? [input(1, [work.m, work.k]), input(2, [work.k, work.n])]
    : [1, 2, 3].map((seed) => input(seed, [N, H, D]))
  const hidden =
    work.causal &&
    tf.tensor(
      Float32Array.from({ length: N * N }, (_, i) => (i % N > Math.floor(i / N) ? -1e9 : 0)),
      [N, N],
    )
  /** As its users write it: three products and a softmax over the whole map, [N, H, D] → [N, H, D]. */
  const attention = (q, k, v) => {
    const [Q, K, V] = [q, k, v].map((x) => tf.transpose(x, [1, 0, 2]))
    const scores = tf.mul(tf.matMul(Q, K, false, true), 1 / Math.sqrt(D))
    const weights = tf.softmax(hidden ? tf.add(scores, hidden) : scores)
    return tf.transpose(tf.matMul(weights, V), [1, 0, 2])
  }
  let out
  return {
    run: () => {
      out?.dispose()
      out = tf.tidy(() => (work.m ? tf.matMul(...inputs) : attention(...inputs)))
      return out.data() // it computes no later than this
    },
    sample: async () => sample(await out.data()),
    dispose: () => [...inputs, out, hidden].forEach((x) => x && x.dispose()),
  }
}
