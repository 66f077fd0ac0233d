import { HeedError } from '../errors.js'
import { isRecord, quote } from '../json.js'
import type { LiteralToken } from './added.js'

/** A step of a tokenizer.json: a normalizer, a pre-tokenizer …; its fields are untrusted. */
export type Config = Record<string, unknown>

/** What is in a tokenizer.json, with the structure that was checked. */
export interface TokenizerParts {
  normalizer: unknown
  pre_tokenizer: unknown
  post_processor: unknown
  decoder: unknown
  model: Config
  added: LiteralToken[]
}

// Ids index arrays: a file may not ask for one of any length.
const maxId = 1 << 24
// Steps in steps in steps: no tokenizer has more than two.
const maxDepth = 8

const isId = (x: unknown): x is number => Number.isInteger(x) && (x as number) >= 0 && (x as number) < maxId

export function fail(problem: string): never {
  throw new HeedError(
    'format',
    `tokenizer.json: ${problem}; is it a tokenizer.json of Hugging Face's tokenizers?`,
  )
}

export function unsupported(what: string): never {
  throw new HeedError('unsupported', `tokenizer.json: it has ${what}, which heed does not run`)
}

/** A step by its type, or a value, as an error shows it. */
export const nameOf = (value: unknown): string => quote(isRecord(value) ? value.type : value)

/** @throws HeedError `format` when it is no tokenizer.json */
export function checkTokenizerJson(json: unknown): TokenizerParts {
  if (!isRecord(json)) fail('it is not an object')
  if (!isRecord(json.model)) fail('it has no model')
  const { normalizer, pre_tokenizer, post_processor, decoder, model } = json
  const added = checkAddedTokens(json.added_tokens ?? [])
  return { normalizer, pre_tokenizer, post_processor, decoder, model, added }
}

/**
 * The steps of a part: none for null, or those of a Sequence, or the one.
 *
 * @param part its name, for errors
 * @param list the field of a Sequence that has its steps
 */
export function stepsOf(config: unknown, part: string, list: string, depth = 0): Config[] {
  if (config == null && depth === 0) return []
  if (!isRecord(config) || typeof config.type !== 'string')
    fail(`a ${part} is ${quote(config)} without a type`)
  if (config.type !== 'Sequence') return [config]
  const steps = config[list]
  if (!Array.isArray(steps)) fail(`the Sequence of its ${part} has no list of ${list}`)
  if (depth >= maxDepth) fail(`the Sequences of its ${part} are nested ${maxDepth} deep`)
  return steps.flatMap((step: unknown) => stepsOf(step, part, list, depth + 1))
}

export function flag(config: Config, field: string): boolean {
  const value = config[field]
  return typeof value === 'boolean' ? value : fail(`${field} of ${nameOf(config)} is ${quote(value)}`)
}

export function stringOf(config: Config, field: string): string {
  const value = config[field]
  return typeof value === 'string' ? value : fail(`${field} of ${nameOf(config)} is ${quote(value)}`)
}

/** The character that a Metaspace has for a space. */
export function markOf(metaspace: Config): string {
  const mark = stringOf(metaspace, 'replacement')
  return [...mark].length === 1 ? mark : fail(`the replacement of its Metaspace is ${nameOf(mark)}`)
}

export function checkVocab(vocab: unknown): Map<string, number> {
  if (!isRecord(vocab)) fail('its model has no vocab')
  const pieces: string[] = []
  const checked = new Map<string, number>()
  for (const piece of Object.keys(vocab)) {
    const id = vocab[piece]
    if (!isId(id) || piece === '') fail(`the piece ${quote(piece)} has the id ${quote(id)}`)
    if (pieces[id] !== undefined) fail(`${quote(piece)} shares the id ${id} with another piece`)
    pieces[id] = piece
    checked.set(piece, id)
  }
  return checked
}

/** The vocab of a Unigram model: `[piece, score]` in order of their ids. */
export function checkUnigramVocab(vocab: unknown): { vocab: Map<string, number>; scores: number[] } {
  if (!Array.isArray(vocab) || vocab.length > maxId) fail('its model has no vocab')
  const checked = new Map<string, number>()
  const scores = vocab.map((entry: unknown, id) => {
    const [piece, score] = Array.isArray(entry) ? (entry as unknown[]) : []
    if (typeof piece !== 'string' || piece === '' || !Number.isFinite(score))
      fail(`entry ${id} of its vocab is ${quote(entry)}, not a piece and its score`)
    if (checked.has(piece)) fail(`the piece ${quote(piece)} is in its vocab twice`)
    checked.set(piece, id)
    return score as number
  })
  return { vocab: checked, scores }
}

/**
 * Merges are `['a', 'b']` or, in older files, `'a b'`; both and what they make are in the vocabulary.
 *
 * @param use called with the ids of both and of what they make, in order of the merges
 */
export function checkMerges(
  merges: unknown,
  vocab: ReadonlyMap<string, number>,
  use: (left: number, right: number, made: number) => void,
): void {
  if (!Array.isArray(merges)) fail('its model has no merges')
  const idOf = (piece: string, i: number) =>
    vocab.get(piece) ?? fail(`merge ${i} needs ${quote(piece)}, which is not in the vocab`)
  for (let i = 0; i < merges.length; i++) {
    const merge: unknown = merges[i]
    const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge
    const [left, right]: unknown[] = Array.isArray(parts) && parts.length === 2 ? parts : []
    if (typeof left !== 'string' || typeof right !== 'string')
      fail(`merge ${i} is ${quote(merge)}, not a pair`)
    use(idOf(left, i), idOf(right, i), idOf(left + right, i))
  }
}

function checkAddedTokens(added: unknown): LiteralToken[] {
  if (!Array.isArray(added)) fail('added_tokens is not a list')
  return added.map((token: unknown) => {
    if (!isRecord(token) || !isId(token.id) || typeof token.content !== 'string' || token.content === '')
      fail(`added token ${quote(token)} has no id or no content`)
    const { id, content } = token
    const special = token.special === true
    return {
      id,
      content,
      special,
      normalized: typeof token.normalized === 'boolean' ? token.normalized : !special,
      singleWord: token.single_word === true,
      lstrip: token.lstrip === true,
      rstrip: token.rstrip === true,
    }
  })
}
