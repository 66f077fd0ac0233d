/**
 * One training step of the encoder-decoder of "Attention Is All You Need" with 7.6 M parameters: forward, backward,
 * AdamW, for a batch of 128 pairs of 16 tokens. Dropout 0.1, label smoothing 0.1, float32.
 */
const model = { vocabulary: 8000, width: 256, heads: 4, layers: 3, inner: 1024, dropout: 0.1, smoothing: 0.1 }
const batch = { pairs: 128, length: 16 }

/** Parameters that multiply every token: 2·p FLOP a token forward, twice that backward. The embedding counts as output. */
const products = ({ vocabulary, width, layers, inner }) =>
  layers * (3 * 4 * width * width + 2 * 2 * width * inner) + vocabulary * width

export const cases = () => [
  {
    group: 'training',
    id: 'training step',
    table: 'Training step of the encoder-decoder',
    ...model,
    ...batch,
    flop: 6 * products(model) * batch.pairs * batch.length,
    tokens: batch.pairs * batch.length,
    contenders: ['heed', 'heed, 2 threads', 'heed, plain SIMD', 'pytorch', 'pytorch, 2 threads'],
    targets: [{ against: 'pytorch', least: 0.45 }],
  },
]

/** The ids of sentence n: words without meaning, the end token last. */
const sentence = (n, length, vocabulary) =>
  Int32Array.from({ length }, (_, i) =>
    i === length - 1 ? 2 : 4 + ((n * 7919 + i * 104729) % (vocabulary - 4)),
  )

export async function prepare({
  vocabulary,
  width,
  heads,
  layers,
  inner,
  dropout,
  smoothing,
  pairs,
  length,
}) {
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
