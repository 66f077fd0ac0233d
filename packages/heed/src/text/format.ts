import { HeedError } from '../errors.js'
import { isRecord, quote } from '../json.js'
import { byteSymbols } from './bytes.js'

/** How a tokenizer turns text into pieces, and so how its tokens are found in the text again. */
export type TokenizerKind = 'byte-level'

type Json = Record<string, unknown>

// Ids index arrays: a file may not ask for one of any length.
const maxId = 1 << 24

const isId = (x: unknown): x is number => Number.isInteger(x) && (x as number) >= 0 && (x as number) < maxId

function fail(problem: string): never {
  throw new HeedError(
    'format',
    `tokenizer.json: ${problem}; is it a tokenizer.json of Hugging Face's tokenizers?`,
  )
}

/**
 * Checks the structure of a tokenizer.json from outside, and adds the parts that files may leave out.
 *
 * @throws HeedError `format` when it is no tokenizer.json, `unsupported` when it is one of a kind that has no spans here
 */
export function checkTokenizerJson(json: unknown): { json: Json; kind: TokenizerKind; vocabSize: number } {
  if (!isRecord(json)) fail('it is not an object')
  const checked: Json = {}
  for (const part of ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder']) {
    const config = json[part] ?? null
    if (config !== null && !(isRecord(config) && typeof config.type === 'string')) fail(`${part} has no type`)
    checked[part] = config
  }
  if (!isRecord(json.model)) fail('it has no model')
  // Files of 2020 name no type; only BPE has merges.
  const type = json.model.type ?? (Array.isArray(json.model.merges) ? 'BPE' : undefined)
  if (typeof type !== 'string') fail('its model has no type')
  const model: Json = { ...json.model, type }
  const kind = kindOf({ ...checked, model })
  checkPatterns([checked.normalizer, checked.pre_tokenizer])
  const vocab = checkVocab(model.vocab)
  checkMerges(model.merges, vocab)
  const added = checkAddedTokens(json.added_tokens ?? [])
  // 0xC0, 0xC1 and those from 0xF5 on do not occur in UTF-8.
  const missing = byteSymbols.findIndex(
    (symbol, byte) => byte < 0xf5 && byte !== 0xc0 && byte !== 0xc1 && !Object.hasOwn(vocab, symbol),
  )
  if (missing >= 0)
    throw new HeedError(
      'unsupported',
      `tokenizer.json: its vocabulary lacks byte ${missing}, so it cannot encode every text`,
    )
  const ids = [...Object.values(vocab), ...added.map((token) => token.id)]
  const vocabSize = ids.reduce((size, id) => Math.max(size, id + 1), 0)
  return { json: { ...checked, added_tokens: added, model }, kind, vocabSize }
}

function kindOf(json: Json): TokenizerKind {
  const model = json.model as Json
  const steps = stepsOf(json.pre_tokenizer as Json | null)
  const isByteLevel =
    model.type === 'BPE' &&
    !model.byte_fallback &&
    !model.continuing_subword_prefix &&
    !model.end_of_word_suffix &&
    steps.at(-1)?.type === 'ByteLevel' &&
    steps.slice(0, -1).every((step) => splitters.has(step.type) && step.behavior !== 'Removed') &&
    (json.decoder as Json | null)?.type === 'ByteLevel'
  if (isByteLevel) return 'byte-level'
  const types = [model, ...steps, json.decoder as Json | null].map((part) => part?.type ?? 'none')
  throw new HeedError(
    'unsupported',
    `tokenizer.json: ${quote(types)} is not a byte-level BPE, the only kind that heed reads as yet`,
  )
}

// They cut text and keep all of it.
const splitters = new Set<unknown>(['Split', 'Digits', 'Punctuation', 'ByteLevel'])

function stepsOf(preTokenizer: Json | null): Json[] {
  if (preTokenizer?.type !== 'Sequence') return preTokenizer ? [preTokenizer] : []
  const steps = preTokenizer.pretokenizers
  if (!Array.isArray(steps) || !steps.every(isRecord)) fail('pre_tokenizer has no list of pretokenizers')
  return steps
}

/**
 * The patterns of GPT-2, Llama 3 and Qwen 2. One from a file could take exponential time, such as `(a+)+$`, so that a
 * folder from outside could hang the process: only these run.
 */
const patterns: readonly unknown[] = [
  String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
]

/** Refuses other regular expressions, however deep in the steps they stand. */
function checkPatterns(steps: unknown[]): void {
  for (const part of steps) {
    if (typeof part !== 'object' || part === null) continue
    if ('Regex' in part && !patterns.includes(part.Regex))
      throw new HeedError(
        'unsupported',
        `tokenizer.json: the pattern ${quote(part.Regex)} is not one of those that heed runs, GPT-2's, Llama 3's and Qwen 2's`,
      )
    for (const inner of Object.values(part) as unknown[]) steps.push(inner)
  }
}

function checkVocab(vocab: unknown): Record<string, number> {
  if (!isRecord(vocab)) fail('its model has no vocab')
  const seen = new Set<number>()
  for (const [piece, id] of Object.entries(vocab)) {
    if (!isId(id) || piece === '') fail(`the piece ${quote(piece)} has the id ${quote(id)}`)
    if (seen.has(id)) fail(`${quote(piece)} shares the id ${id} with another piece`)
    seen.add(id)
  }
  return vocab as Record<string, number>
}

const isPair = (x: unknown): x is [string, string] =>
  Array.isArray(x) && x.length === 2 && x.every((part) => typeof part === 'string')

/** Merges are `['a', 'b']` or, in older files, `'a b'`; both and what they make are in the vocabulary. */
function checkMerges(merges: unknown, vocab: Record<string, number>): void {
  if (!Array.isArray(merges)) fail('its model has no merges')
  const kind = typeof merges[0]
  for (const [i, merge] of (merges as unknown[]).entries()) {
    const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge
    // The library reads all as it reads the first.
    if (typeof merge !== kind || !isPair(parts)) fail(`merge ${i} is ${quote(merge)}, not a pair`)
    for (const piece of [...parts, parts.join('')])
      if (!Object.hasOwn(vocab, piece)) fail(`merge ${i} needs ${quote(piece)}, which is not in the vocab`)
  }
}

function checkAddedTokens(added: unknown): { id: number }[] {
  if (!Array.isArray(added)) fail('added_tokens is not a list')
  for (const token of added as unknown[])
    if (!isRecord(token) || !isId(token.id) || typeof token.content !== 'string' || token.content === '')
      fail(`added token ${quote(token)} has no id or no content`)
  return added as { id: number }[]
}
