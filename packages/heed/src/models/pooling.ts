import { HeedError, HeedTypeError } from '../errors.js'
import { isRecord, quote } from '../json.js'
import type { ModelFiles } from './family.js'
import type { PaddedIds } from './ids.js'

const poolings = ['mean', 'cls', 'max', 'last'] as const

/** How the vectors of a text's tokens become one: their mean, the first token's, the largest of each component, the last token's. */
export type Pooling = (typeof poolings)[number]

interface SentenceSettings {
  pooling: Pooling
  normalize: boolean
  /** `max_seq_length` of sentence_bert_config.json. */
  maxTokens?: number
}

/**
 * What the options say, else what the sentence-transformers files of the model say, else the mean, not normalised.
 *
 * @throws HeedError `unsupported` for a pooling or a module that is not offered, `format` for settings of a wrong type
 */
export function poolingOf(
  { poolingConfig, sentenceConfig, modules }: ModelFiles,
  options: { pooling?: Pooling; normalize?: boolean },
): SentenceSettings {
  const { pooling = poolingConfig ? configured(poolingConfig) : 'mean' } = options
  if (!poolings.includes(pooling))
    throw new HeedTypeError(
      'option',
      `there is no pooling ${quote(pooling)}; there are ${poolings.join(', ')}`,
    )
  const kinds = (modules ?? []).map(kindOf)
  const unknown = kinds.find((kind) => !['Transformer', 'Pooling', 'Normalize'].includes(kind))
  if (unknown !== undefined)
    throw new HeedError(
      'unsupported',
      `modules.json: a module ${quote(unknown)} is not offered; there are Transformer, Pooling and Normalize`,
    )
  if (sentenceConfig?.do_lower_case)
    throw new HeedError(
      'unsupported',
      "sentence_bert_config.json: do_lower_case is not offered; the tokenizer's own normalizer lowers the case",
    )
  const maxTokens = sentenceConfig?.max_seq_length ?? undefined
  if (maxTokens !== undefined && !(Number.isInteger(maxTokens) && (maxTokens as number) > 2))
    throw new HeedError(
      'format',
      `sentence_bert_config.json: max_seq_length is ${quote(maxTokens)}, expected a count`,
    )
  const { normalize = kinds.includes('Normalize') } = options
  return { pooling, normalize, maxTokens: maxTokens as number | undefined }
}

/** `Normalize` of `sentence_transformers.models.Normalize`. */
function kindOf(module: unknown): string {
  const type = isRecord(module) ? module.type : undefined
  if (typeof type !== 'string')
    throw new HeedError('format', `modules.json: a module has the type ${quote(type)}, expected its name`)
  return type.split('.').at(-1)!
}

const flags: Record<string, Pooling> = {
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_cls_token: 'cls',
  pooling_mode_max_tokens: 'max',
  pooling_mode_lasttoken: 'last',
}

/** The one pooling that 1_Pooling/config.json switches on. */
function configured(json: Record<string, unknown>): Pooling {
  const on = Object.keys(json).filter((key) => key.startsWith('pooling_mode_') && json[key] === true)
  const pooling = on.length === 1 && Object.hasOwn(flags, on[0]) ? flags[on[0]] : undefined
  if (!pooling)
    throw new HeedError(
      'unsupported',
      `1_Pooling/config.json: switches on ${on.join(', ') || 'nothing'}; one of ${Object.keys(flags).join(', ')} is offered`,
    )
  return pooling
}

/** Hidden states [B, T, D] of padded rows → a vector [D] for each row. */
export function pool(
  hidden: Float32Array,
  { rows, width, lengths }: PaddedIds,
  pooling: Pooling,
  normalize: boolean,
): Float32Array[] {
  const D = hidden.length / (rows * width)
  return Array.from({ length: rows }, (_, b) => {
    const token = (t: number) => hidden.subarray((b * width + t) * D, (b * width + t + 1) * D)
    const vector = Float64Array.from(token(pooling === 'last' ? lengths[b] - 1 : 0))
    if (pooling === 'mean' || pooling === 'max')
      for (let t = 1; t < lengths[b]; t++)
        token(t).forEach((x, d) => (vector[d] = pooling === 'max' ? Math.max(vector[d], x) : vector[d] + x))
    const length = normalize ? Math.hypot(...vector) : pooling === 'mean' ? lengths[b] : 1
    return Float32Array.from(vector, (x) => (length > 0 ? x / length : x))
  })
}
