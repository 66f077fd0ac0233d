import { backendOf } from '../backends/current.js'
import { splitHeads } from '../nn/attention-block.js'
import { byRows } from '../nn/by-rows.js'
import { normalize, project } from '../nn/layers.js'
import { type Weights, weight } from '../nn/weights.js'
import { activation } from '../ops/activation.js'
import { add } from '../ops/arithmetic.js'
import { embedding } from '../ops/embedding.js'
import { linear } from '../ops/linear.js'
import { reshape, slice } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Shape } from '../tensor/shape.js'
import { type BertConfig, bertConfig, distilbertConfig, robertaConfig } from './bert-config.js'
import { EncoderModel } from './encoder.js'
import type { AttentionInput, Family, InputProjections, Projection } from './family.js'
import { idTensor, type PaddedIds } from './ids.js'
import type { Run } from './run.js'
import { BlockNet, layerOf, type Net } from './sequence.js'

/** What a checkpoint calls the parts of the model. */
interface Names {
  /** Of all but the output over the vocabulary. */
  prefix: string
  /** Blocks of this prefix and a number. */
  layer: string
  query: string
  key: string
  value: string
  output: string
  norm1: string
  in: string
  out: string
  norm2: string
  /** The output over the vocabulary: dense, norm, and a bias beside the tied embedding. */
  dense: string
  denseNorm: string
  vocabularyBias: string
  /** What checkpoints may hold beside that and nothing here uses: other outputs, copies of the tied embedding. */
  unused: RegExp
}

const bertNames: Names = {
  prefix: 'bert.',
  layer: 'encoder.layer',
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  output: 'attention.output.dense',
  norm1: 'attention.output.LayerNorm',
  in: 'intermediate.dense',
  out: 'output.dense',
  norm2: 'output.LayerNorm',
  dense: 'cls.predictions.transform.dense',
  denseNorm: 'cls.predictions.transform.LayerNorm',
  vocabularyBias: 'cls.predictions.bias',
  unused:
    /^(bert\.pooler\.dense|cls\.seq_relationship|classifier|qa_outputs|cls\.predictions\.decoder)\.(weight|bias)$/,
}

const robertaNames: Names = {
  ...bertNames,
  prefix: 'roberta.',
  dense: 'lm_head.dense',
  denseNorm: 'lm_head.layer_norm',
  vocabularyBias: 'lm_head.bias',
  unused:
    /^(roberta\.pooler\.dense|classifier(\.dense|\.out_proj)?|qa_outputs|lm_head\.decoder)\.(weight|bias)$/,
}

const distilbertNames: Names = {
  prefix: 'distilbert.',
  layer: 'transformer.layer',
  query: 'attention.q_lin',
  key: 'attention.k_lin',
  value: 'attention.v_lin',
  output: 'attention.out_lin',
  norm1: 'sa_layer_norm',
  in: 'ffn.lin1',
  out: 'ffn.lin2',
  norm2: 'output_layer_norm',
  dense: 'vocab_transform',
  denseNorm: 'vocab_layer_norm',
  vocabularyBias: 'vocab_projector.bias',
  unused: /^(vocab_projector\.weight|(pre_classifier|classifier|qa_outputs)\.(weight|bias))$/,
}

/**
 * The encoder of BERT (Devlin et al. 2018): token, position and type embeddings, then blocks of self-attention in which
 * every token sees all others, each sub-layer as LayerNorm(x + f(x)).
 */
class Bert extends BlockNet<BertConfig> {
  readonly embedding: string
  readonly logits?: Net['logits']

  constructor(
    config: BertConfig,
    readonly names: Names,
    weights: Weights,
  ) {
    super(config, weights)
    this.embedding = `${names.prefix}embeddings.word_embeddings.weight`
    const output = [...optionalShapes(config, names).keys()]
    if (output.every((name) => name in weights)) this.logits = (_, hidden) => this.#unembed(hidden)
  }

  outputProjection(site: string): Projection {
    const { prefix, layer, output } = this.names
    return { name: `${prefix}${layer}.${layerOf(site)}.${output}` }
  }

  inputProjections(site: string): InputProjections {
    const { prefix, layer, query, key, value } = this.names
    const input: AttentionInput = { of: [`layers.${layerOf(site)}.input`] }
    const [q, k, v] = [query, key, value].map((part) => ({
      name: `${prefix}${layer}.${layerOf(site)}.${part}`,
    }))
    return { queries: input, keys: input, q, k, v }
  }

  hidden(run: Run, ids: PaddedIds): Tensor {
    const { config, names } = this
    const x = run.at('embedding', this.#embed(ids))
    return run.blocks(config.layers, x, (x, i) => {
      const of = (part: string) => `${names.prefix}${names.layer}.${i}.${part}`
      const at = `layers.${i}`
      x = run.at(`${at}.input`, x)
      const mixed = run.at(`${at}.attention`, this.#attention(run, `${at}.self`, of, x, ids.lengths))
      x = this.#norm(of(names.norm1), add(x, mixed))
      const fed = byRows(x, (x) => {
        const inner = project(this.weights, of(names.in), x, { activation: config.activation })
        return project(this.weights, of(names.out), inner)
      })
      const out = run.at(`${at}.mlp`, fed)
      return run.at(`${at}.output`, this.#norm(of(names.norm2), add(x, out)))
    })
  }

  #attention(run: Run, site: string, of: (part: string) => string, x: Tensor, lengths: Int32Array): Tensor {
    const { names, weights } = this
    return scope(() => {
      const [q, k, v] = [names.query, names.key, names.value].map((part) =>
        splitHeads(project(weights, of(part), x), this.heads),
      )
      return project(weights, of(names.output), reshape(run.attend(site, q, k, v, { lengths }), x.shape))
    })
  }

  /** LayerNorm(E[ids] + P[positions] + T[0]): one text is of the first type throughout. */
  #embed(ids: PaddedIds): Tensor {
    const { config, weights } = this
    const of = (part: string) => weight(weights, `${this.names.prefix}embeddings.${part}`)
    const table = weight(weights, this.embedding)
    const words = embedding(idTensor(ids, config.vocabSize, backendOf(table)), table)
    const [first, end] = [config.positionOffset, config.positionOffset + ids.width]
    let x = add(words, slice(of('position_embeddings.weight'), 0, first, end))
    if (config.types > 0) x = add(x, reshape(slice(of('token_type_embeddings.weight'), 0, 0, 1), [-1]))
    return this.#norm(`${this.names.prefix}embeddings.LayerNorm`, x)
  }

  /** The masked language model's output: LayerNorm(f(x W + b)) Eᵀ + c. */
  #unembed(x: Tensor): Tensor {
    const { config, names, weights } = this
    const h = activation(config.activation, project(weights, names.dense, x))
    const table = weight(weights, this.embedding)
    return linear(this.#norm(names.denseNorm, h), table, weight(weights, names.vocabularyBias))
  }

  #norm(name: string, x: Tensor): Tensor {
    return normalize(this.weights, name, x, this.config.normEps)
  }
}

function shapes(config: BertConfig, names: Names): Map<string, Shape> {
  const { width: D, inner: F, prefix } = { ...config, prefix: names.prefix }
  const all = new Map<string, Shape>([
    [`${prefix}embeddings.word_embeddings.weight`, [config.vocabSize, D]],
    [`${prefix}embeddings.position_embeddings.weight`, [config.positionOffset + config.maxPositions, D]],
  ])
  if (config.types > 0) all.set(`${prefix}embeddings.token_type_embeddings.weight`, [config.types, D])
  const linear = (name: string, out: number, width: number) =>
    all.set(`${name}.weight`, [out, width]).set(`${name}.bias`, [out])
  const norm = (name: string) => all.set(`${name}.weight`, [D]).set(`${name}.bias`, [D])
  norm(`${prefix}embeddings.LayerNorm`)
  for (let i = 0; i < config.layers; i++) {
    const at = `${prefix}${names.layer}.${i}`
    for (const part of [names.query, names.key, names.value, names.output]) linear(`${at}.${part}`, D, D)
    linear(`${at}.${names.in}`, F, D)
    linear(`${at}.${names.out}`, D, F)
    norm(`${at}.${names.norm1}`)
    norm(`${at}.${names.norm2}`)
  }
  return all
}

function optionalShapes({ width: D, vocabSize }: BertConfig, names: Names): Map<string, Shape> {
  return new Map<string, Shape>([
    [`${names.dense}.weight`, [D, D]],
    [`${names.dense}.bias`, [D]],
    [`${names.denseNorm}.weight`, [D]],
    [`${names.denseNorm}.bias`, [D]],
    [names.vocabularyBias, [vocabSize]],
  ])
}

/** With the prefix, norms' parameters as today's checkpoints call them, without buffers and what nothing here uses. */
function rename(stored: string, names: Names): string | undefined {
  const bare = /^(embeddings|encoder|transformer|pooler)\./.test(stored) ? names.prefix + stored : stored
  const name = bare.replace(/\.gamma$/, '.weight').replace(/\.beta$/, '.bias')
  return names.unused.test(name) || /embeddings\.(position_ids|token_type_ids)$/.test(name) ? undefined : name
}

const familyOf = (
  type: string,
  config: Family<BertConfig, EncoderModel>['config'],
  names: Names,
): Family<BertConfig, EncoderModel> => ({
  type,
  config,
  shapes: (config) => shapes(config, names),
  optionalShapes: (config) => optionalShapes(config, names),
  rename: (name) => rename(name, names),
  // positions and types are added as they stand
  outputAxis: (name) => (/(position|token_type)_embeddings/.test(name) ? undefined : 0),
  create: (config, weights, files) =>
    new EncoderModel(config.json, new Bert(config, names, weights), weights, files),
})

export const bert = familyOf('bert', bertConfig, bertNames)
/** Liu et al. 2019: BERT with other positions and another tokenizer. */
export const roberta = familyOf('roberta', robertaConfig, robertaNames)
/** Sanh et al. 2019: half of BERT's layers, no types. */
export const distilbert = familyOf('distilbert', distilbertConfig, distilbertNames)
