/**
 * One token at a time from a language model of 100 M parameters (Llama's kind, random weights), with keys and values
 * kept: every weight is read once a token and used once, so that memory sets the pace. Measured beside reading as many
 * bytes and doing nothing with them (memory-read.mjs).
 */
import { numbers } from './numbers.mjs'

/** By the name of a kind of weights in tensors, that in `loadModel`. */
const dtypes = { float32: 'f32', float16: 'f16', int8: 'int8' }

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

/** A model's folder that is nowhere: its weights are made up as they are read. */
function folderOf({ vocabulary, width, heads, layers, inner }) {
  const config = {
    model_type: 'llama',
    vocab_size: vocabulary,
    hidden_size: width,
    num_attention_heads: heads,
    num_hidden_layers: layers,
    intermediate_size: inner,
    max_position_embeddings: 2048,
    tie_word_embeddings: true,
  }
  const shapes = { 'model.embed_tokens.weight': [vocabulary, width], 'model.norm.weight': [width] }
  for (let i = 0; i < layers; i++) {
    const at = `model.layers.${i}`
    for (const part of 'qkvo') shapes[`${at}.self_attn.${part}_proj.weight`] = [width, width]
    for (const part of ['gate', 'up']) shapes[`${at}.mlp.${part}_proj.weight`] = [inner, width]
    shapes[`${at}.mlp.down_proj.weight`] = [width, inner]
    for (const norm of ['input', 'post_attention']) shapes[`${at}.${norm}_layernorm.weight`] = [width]
  }
  let end = 0
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const start = end
    end += 4 * shape.reduce((n, d) => n * d, 1)
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }]
  })
  const json = JSON.stringify(Object.fromEntries(tensors))
  const header = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 4) * 4))
  const start = 8 + header.length
  const values = new Uint8Array(numbers(2 ** 18, 1).map((x) => x * 0.03).buffer)
  const file = {
    size: start + end,
    async read(position, into) {
      if (position === 0 && into.length === 8) new DataView(into.buffer).setUint32(0, header.length, true)
      else if (position < start) into.set(header.subarray(position - 8))
      else
        for (let i = 0; i < into.length; i += values.length) into.set(values.subarray(0, into.length - i), i)
    },
    async close() {},
  }
  return {
    path: 'random weights',
    text: async (name) => (name === 'config.json' ? JSON.stringify(config) : undefined),
    open: async (name) => (name === 'model.safetensors' ? file : undefined),
  }
}

export async function prepare({ dtype, ...model }) {
  const { loadModel } = await import('heed/models')
  const net = await loadModel(folderOf(model), { dtype: dtypes[dtype] })
  const prompt = Int32Array.from({ length: 64 }, (_, i) => (i * 7919) % model.vocabulary)
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
