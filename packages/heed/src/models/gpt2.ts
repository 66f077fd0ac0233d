import { backendOf } from '../backends/current.js'
import { splitHeads } from '../nn/attention-block.js'
import { byRows } from '../nn/by-rows.js'
import { normalize, project } from '../nn/layers.js'
import { type Weights, weight } from '../nn/weights.js'
import { add } from '../ops/arithmetic.js'
import { embedding } from '../ops/embedding.js'
import { linear, type LinearOptions } from '../ops/linear.js'
import { reshape, slice } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { Shape } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { CausalModel } from './causal.js'
import type { AttentionInput, Family, InputProjections, NormWeights, Projection } from './family.js'
import { type Gpt2Config, gpt2Config } from './gpt2-config.js'
import { idTensor, type PaddedIds } from './ids.js'
import type { Run } from './run.js'
import { BlockNet, layerOf, type Net } from './sequence.js'

/**
 * GPT-2 (Radford et al. 2019): token and position embeddings, then blocks x + f(LayerNorm(x)) of causal self-attention
 * and feed-forward, a last norm, and the embedding table again as output. A token sees itself and what stands before it,
 * so padding after a text changes nothing.
 */
class Gpt2 extends BlockNet<Gpt2Config> {
  readonly embedding = 'transformer.wte.weight'
  readonly logits?: Net['logits']
  readonly lastNorm: NormWeights
  readonly unembedding: string

  constructor(config: Gpt2Config, weights: Weights) {
    super(config, weights)
    this.lastNorm = { kind: 'layer', name: 'transformer.ln_f', eps: config.normEps }
    const output = (this.unembedding = config.tied ? this.embedding : 'lm_head.weight')
    if (output in weights) this.logits = (_, hidden) => linear(hidden, weight(weights, output))
  }

  outputProjection(site: string): Projection {
    return { name: `transformer.h.${layerOf(site)}.attn.c_proj`, transposed: true }
  }

  inputProjections(site: string): InputProjections {
    const layer = layerOf(site)
    const input: AttentionInput = {
      of: [`layers.${layer}.input`],
      norm: { kind: 'layer', name: `transformer.h.${layer}.ln_1`, eps: this.config.normEps },
    }
    const fused = { name: `transformer.h.${layer}.attn.c_attn`, transposed: true }
    const [q, k, v] = [0, 1, 2].map((part) => ({ ...fused, first: part * this.config.width }))
    return { queries: input, keys: input, q, k, v }
  }

  hidden(run: Run, ids: PaddedIds, start: number): Tensor {
    const x = run.at('embedding', this.#embed(ids, start))
    const out = run.blocks(this.config.layers, x, (x, i) => {
      const [at, name] = [`layers.${i}`, `transformer.h.${i}`]
      x = run.at(`${at}.input`, x)
      x = add(x, run.at(`${at}.attention`, this.#attention(run, i, x)))
      x = add(x, run.at(`${at}.mlp`, this.#feedForward(name, x)))
      return run.at(`${at}.output`, x)
    })
    return this.#norm(this.lastNorm.name, out)
  }

  /** E[ids] + P[start …]: [B, T, D] */
  #embed(ids: PaddedIds, start: number): Tensor {
    const table = weight(this.weights, this.embedding)
    return scope(() => {
      const words = embedding(idTensor(ids, this.vocabSize, backendOf(table)), table)
      return add(words, slice(weight(this.weights, 'transformer.wpe.weight'), 0, start, start + ids.width))
    })
  }

  #attention(run: Run, layer: number, x: Tensor): Tensor {
    const { config, heads } = this
    const name = `transformer.h.${layer}`
    return scope(() => {
      // [B, T, 3H, d], of which q, k and v are views: nothing is copied.
      const fused = scope(() =>
        splitHeads(this.#project(`${name}.attn.c_attn`, this.#norm(`${name}.ln_1`, x)), 3 * heads),
      )
      const [q, k, v] = [0, 1, 2].map((part) => slice(fused, 2, part * heads, (part + 1) * heads))
      const scale = (config.scaled ? q.shape[3] ** -0.5 : 1) / (config.scaledByLayer ? layer + 1 : 1)
      const mixed = run.attend(`layers.${layer}.self`, q, k, v, { causal: true, scale })
      return this.#project(`${name}.attn.c_proj`, reshape(mixed, x.shape))
    })
  }

  #feedForward(name: string, x: Tensor): Tensor {
    return byRows(x, (x) => {
      const inner = this.#project(`${name}.mlp.c_fc`, this.#norm(`${name}.ln_2`, x), {
        activation: this.config.activation,
      })
      return this.#project(`${name}.mlp.c_proj`, inner)
    })
  }

  /** x W + b: the weights are stored as [in, out]. */
  #project(name: string, x: Tensor, options?: LinearOptions): Tensor {
    return project(this.weights, name, x, { ...options, transposed: true })
  }

  #norm(name: string, x: Tensor): Tensor {
    return normalize(this.weights, name, x, this.config.normEps)
  }
}

function shapes({ vocabSize, maxPositions, layers, width: D, inner }: Gpt2Config): Map<string, Shape> {
  const all = new Map<string, Shape>([
    ['transformer.wte.weight', [vocabSize, D]],
    ['transformer.wpe.weight', [maxPositions, D]],
  ])
  const linear = (name: string, width: number, out: number) =>
    all.set(`${name}.weight`, [width, out]).set(`${name}.bias`, [out])
  const norm = (name: string) => all.set(`${name}.weight`, [D]).set(`${name}.bias`, [D])
  for (let i = 0; i < layers; i++) {
    const at = `transformer.h.${i}`
    norm(`${at}.ln_1`)
    linear(`${at}.attn.c_attn`, D, 3 * D)
    linear(`${at}.attn.c_proj`, D, D)
    norm(`${at}.ln_2`)
    linear(`${at}.mlp.c_fc`, D, inner)
    linear(`${at}.mlp.c_proj`, inner, D)
  }
  norm('transformer.ln_f')
  return all
}

/** With the prefix, without saved masks, and without the copy of a tied table. */
function rename(stored: string, { tied }: Gpt2Config): string | undefined {
  const name = /^(wte|wpe|h|ln_f)\./.test(stored) ? `transformer.${stored}` : stored
  return /\.attn\.(bias|masked_bias)$/.test(name) || (tied && name === 'lm_head.weight') ? undefined : name
}

export const gpt2: Family<Gpt2Config, CausalModel> = {
  type: 'gpt2',
  config: gpt2Config,
  shapes,
  optionalShapes: ({ tied, vocabSize, width }) =>
    new Map<string, Shape>(tied ? [] : [['lm_head.weight', [vocabSize, width]]]),
  rename,
  // [in, out], but for the tables, of which that of positions is added as it stands
  outputAxis: (name) => (/wpe/.test(name) ? undefined : /wte|lm_head/.test(name) ? 0 : 1),
  create: (config, weights, files) => new CausalModel(config.json, new Gpt2(config, weights), weights, files),
}
