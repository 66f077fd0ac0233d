/**
 * One token at a time from a language model of 100 M parameters (Llama's kind, random weights), with keys and values
 * kept: every weight is read once a token and used once, so that memory sets the pace. Measured beside reading as many
 * bytes and doing nothing with them (memory-read.mjs).
 */
const model = { vocabulary: 20000, width: 768, heads: 12, layers: 12, inner: 2048 }

const matrices = ({ vocabulary, width, layers, inner }) =>
  vocabulary * width + layers * (4 * width * width + 3 * width * inner)
const vectors = ({ width, layers }) => (2 * layers + 1) * width

const decoding = (dtype, bytesOfWeight, rest) => ({
  group: 'decoding',
  id: dtype === 'float32' ? 'decoding a token' : `decoding a token, ${dtype}`,
  table: 'Decoding with a 100 M-parameter model',
  ...model,
  dtype,
  tokens: 1,
  bytes: bytesOfWeight * matrices(model) + 4 * vectors(model),
  ...rest,
})
const faster = (by, least) => ({ by, against: by, inCase: 'decoding a token', as: 'in float32', least })

export const cases = () => [
  decoding('float32', 4, {
    contenders: ['heed', 'heed, 2 threads', 'heed, plain SIMD', 'memory read', 'memory read, 2 threads'],
    targets: [
      { against: 'memory read', least: 0.6 },
      { by: 'heed, 2 threads', against: 'memory read, 2 threads', least: 0.6 },
    ],
  }),
  decoding('float16', 2, { contenders: ['heed', 'heed, 2 threads', 'memory read'], targets: [] }),
  decoding('int8', 1, {
    contenders: ['heed', 'heed, 2 threads', 'memory read'],
    targets: [faster('heed', 2)],
  }),
]

/** A random matrix kept as `dtype`, int8 with a scale for each row. */
async function matrix(shape, dtype, seed) {
  const { randn } = await import('heed')
  const { WeightWriter } = await import('../packages/heed/dist/models/weight-writer.js')
  const drawn = randn(shape, { seed, std: 0.02 })
  const values = await drawn.data()
  const writer = new WeightWriter(drawn.device, shape, { dtype, axis: 0 })
  if (writer.mustMeasure) writer.measure(values, 0)
  writer.write(values, 0)
  drawn.dispose()
  return writer.weight
}

export async function prepare({ vocabulary, width, heads, layers, inner, dtype }) {
  const { full } = await import('heed')
  const { llama } = await import('../packages/heed/dist/models/llama.js')
  const config = llama.config({
    model_type: 'llama',
    vocab_size: vocabulary,
    hidden_size: width,
    num_attention_heads: heads,
    num_hidden_layers: layers,
    intermediate_size: inner,
    max_position_embeddings: 2048,
    tie_word_embeddings: true,
  })
  const weights = {}
  for (const [name, shape] of llama.shapes(config))
    weights[name] = shape.length === 1 ? full(shape, 1) : await matrix(shape, dtype, 1)
  const net = llama.create(config, weights, {})
  const prompt = Int32Array.from({ length: 64 }, (_, i) => (i * 7919) % vocabulary)
  let tokens
  const next = async () => {
    tokens ??= net.generate(prompt, { maxTokens: 1024, endIds: [] })
    const { done } = await tokens.next()
    if (done) tokens = undefined
  }
  await next() // the prompt
  return {
    run: next,
    dispose: async () => {
      await tokens?.return()
      net.dispose()
    },
  }
}
