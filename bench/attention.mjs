import { numbers, sample } from './numbers.mjs'

const jsPeers = ['onnxruntime-web', 'jax-js', 'tfjs-wasm']
const natives = ['onnxruntime-node', 'onnxruntime-node, 2 threads', 'pytorch', 'pytorch, 2 threads']

/**
 * Attention of H heads of width D over N tokens, one sentence. Counted are the products: 4·N²·D a head forward, half of
 * it where causal, and 3.5 times as much for forward and backward (seven products, QKᵀ made again being one of them).
 */
function attentionOf(N, { H = 12, D = 64, causal = false, backward = false, ...rest } = {}) {
  const what = [
    `${H}x${D}`,
    `N = ${N}`,
    ...(causal ? ['causal'] : []),
    ...(rest.variant ? [rest.variant] : []),
  ]
  return {
    group: 'attention',
    id: `attention ${backward ? 'forward+backward' : 'forward'} ${what.join(', ')}`,
    N,
    H,
    D,
    causal,
    backward,
    x: N,
    flop: 4 * N * N * D * H * (causal ? 0.5 : 1) * (backward ? 3.5 : 1),
    contenders: ['heed'],
    targets: [],
    ...rest,
  }
}

const share = (least, more) => ({ against: 'yardstick', least, ...more })
const twice = { by: 'heed, 2 threads', against: 'heed', least: 1.9 }

function forward(N, causal) {
  const targets = []
  if (causal ? N >= 1024 : N >= 512) targets.push(share(causal || N === 512 ? 0.75 : 0.8))
  if (!causal && N >= 1024 && N <= 4096) targets.push(share(0.65, { by: 'heed, plain SIMD' }))
  if (N >= 1024) targets.push(twice)
  if (!causal && N === 2048)
    targets.push({ against: 'onnxruntime-web', least: 2.1 }, { against: 'jax-js', least: 6 })
  const contenders = [
    'heed',
    'heed, 2 threads',
    ...(N <= 4096 ? ['heed, plain SIMD', ...jsPeers, ...natives] : []),
  ]
  return attentionOf(N, {
    causal,
    table: causal ? 'Attention, causal' : 'Attention',
    contenders,
    targets,
  })
}

const withBackward = (N, causal) =>
  attentionOf(N, {
    causal,
    backward: true,
    table: causal ? 'Attention with its gradients, causal' : 'Attention with its gradients',
    contenders: ['heed', 'heed, 2 threads', 'jax-js', 'pytorch', 'pytorch, 2 threads'],
    targets: N >= 512 ? [share(0.6, { aim: 0.75 }), ...(N >= 1024 ? [twice] : [])] : [],
  })

const heads = (D) =>
  attentionOf(1024, {
    H: Math.max(1, Math.round(768 / D)),
    D,
    table: 'Head sizes',
    x: D,
    targets: [share(0.6)],
  })

/** One causal head, from a line to a book: time grows with N², memory (memory.mjs) with N. */
const byLength = (N) =>
  attentionOf(N, { H: 1, causal: true, table: 'Length', contenders: ['heed', 'heed, 2 threads'] })

/** Attention with a rule, measured by what the same attention costs without: `work` is the share that is left to do. */
const ruled = (N, variant, work, rest = {}) =>
  attentionOf(N, { variant, work, table: 'Rules', x: undefined, ...rest })

const rules = () => [
  ruled(2048, 'no rule', 1),
  ruled(2048, 'causal rule', 0.5, { rules: { causal: true } }),
  ruled(2048, 'half of the keys are padding', 0.5, { rules: { lengths: 1024 } }),
  ruled(2048, 'mask', 1, { rules: { mask: true } }),
  ruled(2048, 'softcap', 1, { rules: { softcap: 30 } }),
  ruled(2048, 'bias', 1, { rules: { bias: true } }),
  ruled(2048, 'relative bias', 1, { rules: { relative: true } }),
  ruled(8192, 'window of 256', 256 / 8192, {
    rules: { window: 256 },
    targets: [{ against: 'heed', inCase: forward(8192, false).id, least: 10 }],
  }),
]

export const cases = ({ quick }) => {
  const lengths = quick ? [512, 1024, 2048] : [128, 256, 512, 1024, 2048, 4096, 8192]
  const both = (make, of) => of.flatMap((N) => [make(N, false), make(N, true)])
  return [
    ...both(forward, lengths),
    ...(quick ? [forward(8192, false)] : []),
    ...(quick ? [16, 128] : [16, 32, 64, 80, 96, 128, 256]).map(heads),
    ...(quick ? [512, 2048, 8192] : [128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768]).map(byLength),
    ...rules(),
    ...both(withBackward, quick ? [1024] : [128, 512, 1024, 2048, 4096]),
  ]
}

/** The options of heed's attention for what a case calls `rules`. */
async function optionsOf({ N, H, causal, rules = {} }) {
  const { tensor } = await import('heed')
  const { lengths, mask, softcap, bias, relative, window } = rules
  return {
    causal: causal || rules.causal === true,
    ...(lengths && { lengths: [lengths] }),
    // two keys in three, which no block of keys can leave out
    ...(mask && {
      mask: tensor(
        Uint8Array.from({ length: N * N }, (_, i) => (i % 3 ? 1 : 0)),
        [1, 1, N, N],
      ),
    }),
    ...(softcap && { softcap }),
    ...(bias && { bias: tensor(numbers(N * N, 4), [1, 1, N, N]) }),
    ...(relative && { bias: { relative: tensor(numbers(32 * H, 4), [32, H]) } }),
    ...(window && { window: [window - 1, 0] }),
  }
}

export async function prepare(work, backend) {
  const { attention, scope, tensor } = await import('heed')
  const { N, H, D, backward } = work
  const shape = [1, N, H, D]
  const [q, k, v, dOut] = [1, 2, 3, 5].map((seed) => tensor(numbers(N * H * D, seed), shape, { backend }))
  const options = await optionsOf(work)
  const owned = [q, k, v, dOut, ...[options.mask, options.bias?.relative ?? options.bias].filter(Boolean)]
  const run = backward
    ? await gradients(backend, { q, k, v, dOut }, options)
    : () => scope(() => void attention(q, k, v, options))
  return {
    run,
    sample: async () => {
      const out = backward ? run.dq : scope(() => attention(q, k, v, options))
      const result = sample(await out.data())
      if (!backward) out.dispose()
      return result
    },
    dispose: () => [...owned, ...(run.owned ?? [])].forEach((t) => t.dispose()),
  }
}

/** Forward and backward from a given gradient of the output, without a loss above it: the two kernels alone. */
export async function gradients(backend, { q, k, v, dOut }, { causal }) {
  const { zeros } = await import('heed')
  const [, N, H, D] = q.shape
  const [out, dq, dk, dv] = Array.from({ length: 4 }, () => zeros(q.shape))
  const [m, l] = [zeros([1, H, N]), zeros([1, H, N])]
  const args = { q, k, v, out, m, l, scale: 1 / Math.sqrt(D), ...(causal && { last: Int32Array.of(0) }) }
  const run = () => {
    backend.kernels.attention(args)
    backend.kernels.attentionGrad({ ...args, dOut, dq, dk, dv })
  }
  return Object.assign(run, { dq, owned: [out, dq, dk, dv, m, l] })
}
