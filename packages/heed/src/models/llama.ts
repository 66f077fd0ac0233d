import { backendOf } from '../backends/current.js'
import { gatedFeedForward, project, rmsNormalize, rotaryTables, splitHeads } from '../nn/index.js'
import { type Weights, weight } from '../nn/weights.js'
import { add } from '../ops/arithmetic.js'
import { floatOf } from '../ops/check.js'
import { embedding } from '../ops/embedding.js'
import { linear } from '../ops/linear.js'
import { rotary } from '../ops/rotary.js'
import { reshape } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { Shape } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { CausalModel } from './causal.js'
import type { AttentionInput, Family, InputProjections, NormWeights, Projection } from './family.js'
import { idTensor, type PaddedIds } from './ids.js'
import {
  type Kind,
  type LlamaConfig,
  llamaConfig,
  llamaKind,
  mistralKind,
  qwen2Kind,
  qwen3Kind,
} from './llama-config.js'
import type { Run } from './run.js'
import { BlockNet, layerOf, type Net } from './sequence.js'

/**
 * Llama (Touvron et al. 2023) and its kin: token embeddings, then blocks of causal attention over turned queries and keys
 * and of a gated feed-forward network, each as x + f(RMSNorm(x)). Positions are in the turns alone.
 */
class Llama extends BlockNet<LlamaConfig> {
  readonly embedding = 'model.embed_tokens.weight'
  readonly logits?: Net['logits']
  readonly lastNorm: NormWeights
  readonly unembedding: string

  constructor(config: LlamaConfig, weights: Weights) {
    super(config, weights)
    this.lastNorm = { kind: 'rms', name: 'model.norm', eps: config.normEps }
    const output = (this.unembedding = config.output === 'tied' ? this.embedding : 'lm_head.weight')
    if (output in weights) this.logits = (_, hidden) => linear(hidden, weight(weights, output))
  }

  outputProjection(site: string): Projection {
    return { name: `model.layers.${layerOf(site)}.self_attn.o_proj` }
  }

  inputProjections(site: string): InputProjections {
    const layer = layerOf(site)
    const of = `model.layers.${layer}`
    const input: AttentionInput = {
      of: [`layers.${layer}.input`],
      norm: { kind: 'rms', name: `${of}.input_layernorm`, eps: this.config.normEps },
    }
    const [q, k, v] = ['q', 'k', 'v'].map((part) => ({ name: `${of}.self_attn.${part}_proj` }))
    return { queries: input, keys: input, q, k, v, rotary: true, headNorms: this.config.headNorms }
  }

  hidden(run: Run, ids: PaddedIds, start: number): Tensor {
    const { config, weights } = this
    const table = weight(weights, this.embedding)
    const backend = backendOf(table)
    const positions = { start, count: ids.width }
    const turn = rotaryTables(config.rotary, positions, { dtype: floatOf(table), backend })
    const words = embedding(idTensor(ids, config.vocabSize, backend), table)
    const x = run.blocks(config.layers, run.at('embedding', words), (x, i) => {
      const [at, of] = [`layers.${i}`, `model.layers.${i}`]
      x = run.at(`${at}.input`, x)
      const mixed = this.#attention(run, i, turn, this.#norm(`${of}.input_layernorm`, x))
      x = add(x, run.at(`${at}.attention`, mixed))
      const normed = this.#norm(`${of}.post_attention_layernorm`, x)
      const fed = gatedFeedForward(weights, `${of}.mlp`, normed, config.activation)
      return run.at(`${at}.output`, add(x, run.at(`${at}.mlp`, fed)))
    })
    return this.#norm(this.lastNorm.name, x)
  }

  /** x [B, T, D], normed → [B, T, D]. Padding comes after a text, so that causality alone hides it. */
  #attention(run: Run, layer: number, { cos, sin }: Turn, x: Tensor): Tensor {
    const { heads, kvHeads, headNorms, windows } = this.config
    const of = `model.layers.${layer}.self_attn`
    const split = (part: string, count: number) =>
      splitHeads(project(this.weights, `${of}.${part}_proj`, x), count)
    const turned = (part: string, count: number) => {
      const x = split(part, count)
      return rotary(headNorms ? this.#norm(`${of}.${part}_norm`, x) : x, cos, sin)
    }
    const window = windows[layer]
    const seen = window === undefined ? {} : { window: [window - 1, 0] as const }
    return scope(() => {
      const [q, k, v] = [turned('q', heads), turned('k', kvHeads), split('v', kvHeads)]
      const mixed = run.attend(`layers.${layer}.self`, q, k, v, { causal: true, ...seen })
      return project(this.weights, `${of}.o_proj`, reshape(mixed, [x.shape[0], x.shape[1], -1]))
    })
  }

  #norm(name: string, x: Tensor): Tensor {
    return rmsNormalize(this.weights, name, x, this.config.normEps)
  }
}

/** cos and sin of the positions of a pass, [T, headDim / 2]. */
type Turn = ReturnType<typeof rotaryTables>

function shapes(config: LlamaConfig): Map<string, Shape> {
  const { width: D, inner: F, headDim, biases } = config
  const all = new Map<string, Shape>([
    ['model.embed_tokens.weight', [config.vocabSize, D]],
    ['model.norm.weight', [D]],
  ])
  const linear = (name: string, out: number, width: number, bias: boolean) => {
    all.set(`${name}.weight`, [out, width])
    if (bias) all.set(`${name}.bias`, [out])
  }
  const [queries, keys] = [config.heads * headDim, config.kvHeads * headDim]
  for (let i = 0; i < config.layers; i++) {
    const at = `model.layers.${i}`
    linear(`${at}.self_attn.q_proj`, queries, D, biases.attention)
    linear(`${at}.self_attn.k_proj`, keys, D, biases.attention)
    linear(`${at}.self_attn.v_proj`, keys, D, biases.attention)
    linear(`${at}.self_attn.o_proj`, D, queries, biases.heads)
    linear(`${at}.mlp.gate_proj`, F, D, biases.feedForward)
    linear(`${at}.mlp.up_proj`, F, D, biases.feedForward)
    linear(`${at}.mlp.down_proj`, D, F, biases.feedForward)
    for (const norm of ['input_layernorm', 'post_attention_layernorm']) all.set(`${at}.${norm}.weight`, [D])
    if (config.headNorms)
      for (const norm of ['q_norm', 'k_norm']) all.set(`${at}.self_attn.${norm}.weight`, [headDim])
  }
  return config.output === 'own' ? new Map([...all, ...output(config)]) : all
}

const output = ({ vocabSize, width }: LlamaConfig): Map<string, Shape> =>
  new Map([['lm_head.weight', [vocabSize, width]]])

/** With the prefix that bare models leave out, without buffers, classifiers and copies of a tied embedding. */
function rename(stored: string, config: LlamaConfig): string | undefined {
  const name = /^(embed_tokens|layers|norm)\./.test(stored) ? `model.${stored}` : stored
  const copy = config.output === 'tied' && name === 'lm_head.weight'
  return copy || /rotary_emb\.inv_freq$|^score\.(weight|bias)$/.test(name) ? undefined : name
}

const familyOf = (type: string, kind: Kind): Family<LlamaConfig, CausalModel> => ({
  type,
  config: (json) => llamaConfig(json, type, kind),
  shapes,
  optionalShapes: (config) => (config.output === 'optional' ? output(config) : new Map()),
  rename,
  create: (config, weights, files) =>
    new CausalModel(config.json, new Llama(config, weights), weights, files),
})

export const llama = familyOf('llama', llamaKind)
export const mistral = familyOf('mistral', mistralKind)
export const qwen2 = familyOf('qwen2', qwen2Kind)
export const qwen3 = familyOf('qwen3', qwen3Kind)
