/**
 * One token at a time from a language model of 100 M parameters (Llama's kind, random weights), with keys and values
 * kept: every weight is read once a token and used once, so that memory sets the pace. Measured beside reading as many
 * bytes and doing nothing with them (memory-read.mjs).
 */
const model = { vocabulary: 20000, width: 768, heads: 12, layers: 12, inner: 2048 }

const parameters = ({ vocabulary, width, layers, inner }) =>
  vocabulary * width + layers * (4 * width * width + 3 * width * inner + 2 * width) + width

export const cases = () => [
  {
    group: 'decoding',
    id: 'decoding a token',
    table: 'Decoding with a 100 M-parameter model',
    ...model,
    bytes: 4 * parameters(model),
    contenders: ['heed', 'heed, 2 threads', 'heed, plain SIMD', 'memory read', 'memory read, 2 threads'],
    targets: [
      { against: 'memory read', least: 0.6 },
      { by: 'heed, 2 threads', against: 'memory read, 2 threads', least: 0.6 },
    ],
  },
]

export async function prepare({ vocabulary, width, heads, layers, inner }) {
  const { full, randn } = await import('heed')
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
    weights[name] = shape.length === 1 ? full(shape, 1) : randn(shape, { seed: 1, std: 0.02 })
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
