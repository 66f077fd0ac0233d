import { median } from './numbers.mjs'
import { yardstick } from './yardstick.mjs'

/**
 * One training step of the encoder-decoder of "Attention Is All You Need" with 7.6 M parameters: forward, backward,
 * AdamW, for a batch of 128 pairs of 16 tokens. Dropout 0.1, label smoothing 0.1, float32.
 */
const model = { vocabulary: 8000, width: 256, heads: 4, layers: 3, inner: 1024, dropout: 0.1, smoothing: 0.1 }
const batch = { pairs: 128, length: 16 }

/** Parameters that multiply every token: 2·p FLOP a token forward, twice that backward. The embedding counts as output. */
const products = ({ vocabulary, width, layers, inner }) =>
  layers * (3 * 4 * width * width + 2 * 2 * width * inner) + vocabulary * width

const step = {
  group: 'training',
  ...model,
  ...batch,
  flop: 6 * products(model) * batch.pairs * batch.length,
  tokens: batch.pairs * batch.length,
}

export const cases = () => [
  {
    ...step,
    id: 'training step',
    table: 'Training step of the encoder-decoder',
    contenders: ['heed', 'heed, 2 threads', 'heed, plain SIMD', 'pytorch', 'pytorch, 2 threads'],
    targets: [{ against: 'pytorch', least: 0.45, aim: 0.6 }],
  },
  {
    ...step,
    id: 'profile of a training step',
    table: 'Where a training step goes',
    profile: true,
    contenders: ['heed'],
    targets: [],
  },
]

/** The ids of sentence n: words without meaning, the end token last. */
const sentence = (n, length, vocabulary) =>
  Int32Array.from({ length }, (_, i) =>
    i === length - 1 ? 2 : 4 + ((n * 7919 + i * 104729) % (vocabulary - 4)),
  )

export async function prepare(work, backend) {
  const training = await prepareStep(work)
  return work.profile ? { facts: await profile(training, backend) } : training
}

/** Steps whose parts are timed, after two that warm up; each part is the median of its sums over a step. */
const profiled = 9

/**
 * Where a step's time goes: every kernel's calls by the clock, products also by what they are for and as a share of the
 * yardstick; the rest is JavaScript between them.
 */
async function profile({ run, dispose }, backend) {
  const { kernels } = backend
  const yard = yardstick(true)
  let sums
  const originals = { ...kernels }
  for (const [name, kernel] of Object.entries(originals))
    kernels[name] = (...args) => {
      const start = performance.now()
      const result = kernel.apply(kernels, args)
      const part = (sums[partName(name, args[0])] ??= { calls: 0, seconds: 0, flop: 0 })
      part.calls++
      part.seconds += (performance.now() - start) / 1000
      if (name === 'matmul') part.flop += 2 * args[0].out.size * args[0].a.shape[args[0].transposeA ? 0 : 1]
      return result
    }
  const steps = []
  for (let i = 0; i < profiled + 2; i++) {
    sums = {}
    const start = performance.now()
    await run()
    const seconds = (performance.now() - start) / 1000
    if (i >= 2) steps.push({ sums, seconds, peak: yard() })
  }
  Object.assign(kernels, originals)
  dispose()
  const middle = (of) => median(steps.map(of))
  const parts = Object.entries(steps[0].sums).map(([name, { calls, flop }]) => ({
    name,
    calls,
    seconds: middle(({ sums }) => sums[name].seconds),
    ...(flop && { share: middle(({ sums, peak }) => flop / sums[name].seconds / peak) }),
  }))
  const seconds = middle((step) => step.seconds)
  const inside = ({ sums }) => Object.values(sums).reduce((all, part) => all + part.seconds, 0)
  parts.push({ name: 'JavaScript between kernels', seconds: middle((step) => step.seconds - inside(step)) })
  return { seconds, parts: parts.sort((a, b) => b.seconds - a.seconds) }
}

/** A kernel by its name; a product by which of a linear layer's three it is. */
const partName = (kernel, args) => {
  if (kernel !== 'matmul') return kernel
  return args.transposeA
    ? 'products dW = dyᵀ x'
    : args.transposeB
      ? 'products y = x Wᵀ'
      : 'products dx = dy W'
}

async function prepareStep({ vocabulary, width, heads, layers, inner, dropout, smoothing, pairs, length }) {
  const { valueAndGrad } = await import('heed')
  const { initTransformer, Run, translationBatch } = await import('heed/models')
  const { AdamW } = await import('heed/train')
  const net = initTransformer(
    {
      vocab_size: vocabulary,
      d_model: width,
      num_heads: heads,
      encoder_layers: layers,
      decoder_layers: layers,
      d_ff: inner,
      dropout,
    },
    1,
  )
  const batch = translationBatch(
    Array.from({ length: pairs }, (_, n) => ({
      source: sentence(n, length, vocabulary),
      target: sentence(n + pairs, length, vocabulary),
    })),
    net.config,
  )
  const optimizer = new AdamW(net.weights, { weightDecay: 0.01, clip: 1 })
  let seed = 0
  return {
    run: async () => {
      const run = new Run(net, { mode: 'train', seed: ++seed })
      const { value, grads } = valueAndGrad(net.weights, () =>
        net.loss(run, batch, { labelSmoothing: smoothing }),
      )
      await value.item()
      await optimizer.step(grads, 1e-4)
      for (const t of [value, ...Object.values(grads)]) t.dispose()
    },
    dispose: () => {
      optimizer.dispose()
      net.dispose()
    },
  }
}
