import { bpeModel } from './bpe-model.js'
import { checkUnigramVocab, checkVocab, fail, nameOf, unsupported } from './format.js'
import type { Config } from './format.js'
import { unigramModel } from './unigram.js'
import { wordPieceModel } from './wordpiece.js'

/** A piece of the vocabulary in a word, and the UTF-16 units of the word that it stands for. */
export interface Part {
  id: number
  start: number
  end: number
}

/** Cuts a word into pieces of the vocabulary. */
export type Model = (word: string) => readonly Part[]

export interface ModelAndVocab {
  model: Model
  /** The id of each piece. */
  vocab: Map<string, number>
  /** The piece for what the vocabulary does not have. */
  unkId: number | undefined
}

// Longer words are rare, and never the same.
const longestCached = 256
const mostCached = 10_000

/**
 * The `model` of a tokenizer.json, exactly as the Rust `tokenizers` run it.
 *
 * @param isSpecial whether a piece is a special token, which no word may spell
 * @throws HeedError `format` or `unsupported`
 */
export function modelOf(config: Config, isSpecial: (piece: string) => boolean): ModelAndVocab {
  const type = typeOf(config)
  if (type === 'Unigram') {
    const { vocab, scores } = checkUnigramVocab(config.vocab)
    const unkId = config.unk_id
    if (typeof unkId !== 'number' || !(unkId in scores)) fail(`its unk_id is ${nameOf(unkId)}`)
    return { model: cached(unigramModel(config, vocab, scores, unkId, isSpecial)), vocab, unkId }
  }
  const make =
    type === 'BPE'
      ? bpeModel
      : type === 'WordPiece'
        ? wordPieceModel
        : unsupported(`the model ${nameOf(type)}`)
  const vocab = checkVocab(config.vocab)
  const unk = config.unk_token ?? undefined
  const unkId = typeof unk === 'string' ? vocab.get(unk) : undefined
  if (unk !== undefined && unkId === undefined) fail(`its unk_token ${nameOf(unk)} is not in its vocab`)
  return { model: cached(make(config, vocab, unkId)), vocab, unkId }
}

/** Files of 2020 name no type: what they have tells. */
function typeOf({ type, merges, vocab, continuing_subword_prefix }: Config): unknown {
  if (type != null) return type
  if (Array.isArray(merges)) return 'BPE'
  if (Array.isArray(vocab)) return 'Unigram'
  return typeof continuing_subword_prefix === 'string' ? 'WordPiece' : fail('its model has no type')
}

function cached(model: Model): Model {
  const known = new Map<string, readonly Part[]>()
  return (word) => {
    let parts = known.get(word)
    if (!parts) {
      parts = model(word)
      if (known.size >= mostCached) known.clear()
      if (word.length <= longestCached) known.set(word, parts)
    }
    return parts
  }
}
