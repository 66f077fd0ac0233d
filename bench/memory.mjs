import { gradients } from './attention.mjs'
import { numbers } from './numbers.mjs'

/**
 * The most bytes that attention takes beyond its inputs at any moment, for one causal head of width 64: forward, and
 * forward with its gradients. heed's are counted where its backend hands out memory; what others take is how far one
 * attention raises the peak of their process, which is why each has a fresh one (child.mjs).
 */
const attentionMemory = (N, backward) => ({
  group: 'memory',
  id: `memory ${backward ? 'forward+backward' : 'forward'}, N = ${N}`,
  table: backward ? 'Memory of attention with its gradients' : 'Memory of attention',
  N,
  H: 1,
  D: 64,
  causal: true,
  backward,
  x: N,
  fresh: true,
  contenders: ['heed', ...(N <= 8192 ? ['onnxruntime-web', 'jax-js', 'tfjs-wasm', 'pytorch'] : [])],
  targets: [],
})

export const cases = ({ quick }) => {
  const lengths = quick ? [512, 2048] : [128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768]
  return [false, true].flatMap((backward) => lengths.map((N) => attentionMemory(N, backward)))
}

export async function prepare({ N, H, D, backward }, backend) {
  const { attention, scope, tensor } = await import('heed')
  const [q, k, v, dOut] = [1, 2, 3, 5].map((seed) => tensor(numbers(N * H * D, seed), [1, N, H, D]))
  const bytes = await peakOf(backend, async () => {
    if (!backward) return scope(() => void attention(q, k, v, { causal: true }))
    const run = await gradients(backend, { q, k, v, dOut }, { causal: true })
    run()
    for (const t of run.owned) t.dispose()
  })
  for (const t of [q, k, v, dOut]) t.dispose()
  return { facts: { bytes } }
}

/** The most bytes in use while `work` runs, above those before. */
async function peakOf(backend, work) {
  const before = backend.bytesInUse
  let peak = 0
  const allocate = backend.allocate
  backend.allocate = (...args) => {
    const storage = allocate.apply(backend, args)
    peak = Math.max(peak, backend.bytesInUse - before)
    return storage
  }
  try {
    await work()
  } finally {
    delete backend.allocate
  }
  return peak
}
