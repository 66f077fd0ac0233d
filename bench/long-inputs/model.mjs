/**
 * A GPT-2 of random weights in Hugging Face layout, 12 layers × 12 heads × 64 with 32,768 positions and the 256 bytes
 * and an end token as its vocabulary, so that a text of N ASCII characters has N tokens. 110 M parameters, 441 MB.
 *
 *   node model.mjs [folder]
 */
import { useBackend, randn } from 'heed'
import { exists, safeTensor, writeModelFolder } from 'heed/io'
import { learnBpe } from 'heed/text'

export const sizes = { layers: 12, heads: 12, width: 768, positions: 32_768 }
export const modelFolder = new URL('./.cache/long-gpt2', import.meta.url).pathname

function shapes() {
  const { layers, width: D, positions } = sizes
  const all = new Map([
    ['transformer.wte.weight', [257, D]],
    ['transformer.wpe.weight', [positions, D]],
    ['transformer.ln_f.weight', [D]],
    ['transformer.ln_f.bias', [D]],
  ])
  for (let i = 0; i < layers; i++) {
    const at = `transformer.h.${i}`
    for (const norm of ['ln_1', 'ln_2']) all.set(`${at}.${norm}.weight`, [D]).set(`${at}.${norm}.bias`, [D])
    for (const [name, width, out] of [
      ['attn.c_attn', D, 3 * D],
      ['attn.c_proj', D, D],
      ['mlp.c_fc', D, 4 * D],
      ['mlp.c_proj', 4 * D, D],
    ])
      all.set(`${at}.${name}.weight`, [width, out]).set(`${at}.${name}.bias`, [out])
  }
  return all
}

/** GPT-2's own initialisation: norms of one, biases of zero, all else normal with a deviation of 0.02. */
async function weight(name, shape, seed) {
  if (name.endsWith('.bias')) return new Float32Array(shape[0])
  if (/ln_\w+\.weight$/.test(name)) return new Float32Array(shape[0]).fill(1)
  const t = randn(shape, { seed, std: 0.02 })
  const values = await t.data()
  t.dispose()
  return values
}

async function make(folder) {
  await useBackend('reference')
  const tensors = new Map()
  for (const [name, shape] of shapes())
    tensors.set(
      name,
      safeTensor({ name, dtype: 'F32', shape, data: await weight(name, shape, tensors.size) }),
    )
  const config = {
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    vocab_size: 257,
    n_embd: sizes.width,
    n_layer: sizes.layers,
    n_head: sizes.heads,
    n_positions: sizes.positions,
  }
  const tokenizerJson = await learnBpe([], { vocabSize: 257, specials: ['<|endoftext|>'] })
  await writeModelFolder(folder, { config, tensors, tokenizerJson })
}

if (import.meta.filename === process.argv[1]) {
  const [folder = modelFolder] = process.argv.slice(2)
  if (!(await exists(`${folder}/model.safetensors`))) await make(folder)
}
