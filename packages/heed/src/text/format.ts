import { HeedError } from '../errors.js'
import { byteSymbols } from './bytes.js'

/** How a tokenizer turns text into pieces, and so how its tokens are found in the text again. */
export type TokenizerKind = 'byte-level'

type Json = Record<string, unknown>

// Ids index arrays: a file may not ask for one of any length.
const maxId = 1 << 24

const isObject = (x: unknown): x is Json => typeof x === 'object' && x !== null && !Array.isArray(x)

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
  if (!isObject(json)) fail('it is not an object')
  const checked: Json = {}
  for (const part of ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder']) {
    const config = json[part] ?? null
    if (config !== null && !(isObject(config) && typeof config.type === 'string')) fail(`${part} has no type`)
    checked[part] = config
  }
  if (!isObject(json.model)) fail('it has no model')
  // Files of 2020 name no type; only BPE has merges.
  const type = json.model.type ?? (Array.isArray(json.model.merges) ? 'BPE' : undefined)
  if (typeof type !== 'string') fail('its model has no type')
  const model: Json = { ...json.model, type }
  const kind = kindOf({ ...checked, model })
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
  const parts = [model, ...steps, json.decoder as Json | null].map((part) => part?.type ?? 'none')
  throw new HeedError(
    'unsupported',
    `tokenizer.json: ${parts.join(' + ')} is not a byte-level BPE, the only kind that heed reads as yet`,
  )
}

// They cut text and keep all of it.
const splitters = new Set<unknown>(['Split', 'Digits', 'Punctuation', 'ByteLevel'])

function stepsOf(preTokenizer: Json | null): Json[] {
  if (preTokenizer?.type !== 'Sequence') return preTokenizer ? [preTokenizer] : []
  const steps = preTokenizer.pretokenizers
  if (!Array.isArray(steps) || !steps.every(isObject)) fail('pre_tokenizer has no list of pretokenizers')
  return steps
}

function checkVocab(vocab: unknown): Record<string, number> {
  if (!isObject(vocab)) fail('its model has no vocab')
  const seen = new Set<number>()
  for (const [piece, id] of Object.entries(vocab)) {
    if (!isId(id) || piece === '') fail(`the piece ${JSON.stringify(piece)} has the id ${JSON.stringify(id)}`)
    if (seen.has(id)) fail(`${JSON.stringify(piece)} shares the id ${id} with another piece`)
    seen.add(id)
  }
  return vocab as Record<string, number>
}

/** Merges are `['a', 'b']` or, in older files, `'a b'`; both and what they make are in the vocabulary. */
function checkMerges(merges: unknown, vocab: Record<string, number>): void {
  if (!Array.isArray(merges)) fail('its model has no merges')
  const kind = typeof merges[0]
  for (const [i, merge] of (merges as unknown[]).entries()) {
    const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge
    // The library reads all as it reads the first.
    if (typeof merge !== kind || !Array.isArray(parts) || parts.length !== 2)
      fail(`merge ${i} is ${JSON.stringify(merge)}, not a pair`)
    for (const piece of [...(parts as unknown[]), parts.join('')])
      if (typeof piece !== 'string' || !Object.hasOwn(vocab, piece))
        fail(`merge ${i} needs ${JSON.stringify(piece)}, which is not in the vocab`)
  }
}

function checkAddedTokens(added: unknown): { id: number }[] {
  if (!Array.isArray(added)) fail('added_tokens is not a list')
  for (const token of added as unknown[])
    if (!isObject(token) || !isId(token.id) || typeof token.content !== 'string' || token.content === '')
      fail(`added token ${JSON.stringify(token)} has no id or no content`)
  return added as { id: number }[]
}
