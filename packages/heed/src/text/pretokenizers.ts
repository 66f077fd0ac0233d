import type { Aligned } from './aligned.js'
import { symbolsOf } from './bytes.js'
import { fail, flag, markOf, nameOf, stepsOf, unsupported } from './format.js'
import type { Config } from './format.js'
import { gpt2Pattern, literally, patternOf, wordCharacters } from './patterns.js'

/** Cuts a text into words, within which the model finds its pieces. */
export type PreTokenizer = (text: Aligned) => Aligned[]

/**
 * The `pre_tokenizer` of a tokenizer.json, exactly as the Rust `tokenizers` run it.
 *
 * @throws HeedError `format` or `unsupported`, naming the step
 */
export function preTokenizerOf(config: unknown): PreTokenizer {
  const steps = stepsOf(config, 'pre_tokenizer', 'pretokenizers').map(stepOf)
  return (text) =>
    steps.reduce((words, step) => words.flatMap(step), [text]).filter((word) => word.text !== '')
}

/** Whether its words are written in the symbols of bytes. */
export const isByteLevel = (config: unknown): boolean =>
  stepsOf(config, 'pre_tokenizer', 'pretokenizers').some((step) => step.type === 'ByteLevel')

const space = /\p{White_Space}/gu
const punctuation = /[\p{P}!-/:-@[-`{-~]/gu

function stepOf(config: Config): PreTokenizer {
  switch (config.type) {
    case 'BertPreTokenizer':
      return (text) => split(text, space, 'Removed').flatMap((word) => split(word, punctuation, 'Isolated'))
    case 'ByteLevel':
      return byteLevel(config)
    case 'Digits': {
      const behavior = flag(config, 'individual_digits') ? 'Isolated' : 'Contiguous'
      return (text) => split(text, /\p{N}/gu, behavior)
    }
    case 'Metaspace':
      return metaspace(config)
    case 'Punctuation': {
      const behavior = behaviorOf(config.behavior ?? 'Isolated')
      return (text) => split(text, punctuation, behavior)
    }
    case 'Split': {
      const pattern = patternOf(config)
      const behavior = behaviorOf(config.behavior)
      const invert = flag(config, 'invert')
      return (text) => split(text, pattern, behavior, invert)
    }
    case 'Whitespace': {
      const pattern = new RegExp(`[${wordCharacters}]+|[^${wordCharacters}\\p{White_Space}]+`, 'gu')
      return (text) => split(text, pattern, 'Removed', true)
    }
    case 'WhitespaceSplit':
      return (text) => split(text, space, 'Removed')
    default:
      return unsupported(`the pre-tokenizer ${nameOf(config)}`)
  }
}

const behaviors = ['Isolated', 'Removed', 'Contiguous', 'MergedWithPrevious', 'MergedWithNext'] as const
type Behavior = (typeof behaviors)[number]

function behaviorOf(value: unknown): Behavior {
  return behaviors.find((behavior) => behavior === value) ?? unsupported(`the behavior ${nameOf(value)}`)
}

/** Cuts at the matches, or with `invert` at what lies between them. */
function split(text: Aligned, pattern: RegExp, behavior: Behavior, invert = false): Aligned[] {
  const parts: { from: number; to: number; cuts: boolean }[] = []
  let at = 0
  const add = (to: number, cuts: boolean) => {
    if (to > at) parts.push({ from: at, to, cuts: cuts !== invert })
    at = to
  }
  for (const { 0: match, index } of text.text.matchAll(pattern)) {
    add(index, false)
    add(index + match.length, true)
  }
  add(text.text.length, false)
  return join(parts, behavior).map(({ from, to }) => text.slice(from, to))
}

function join<Part extends { from: number; to: number; cuts: boolean }>(
  parts: Part[],
  behavior: Behavior,
): Part[] {
  if (behavior === 'Isolated') return parts
  if (behavior === 'Removed') return parts.filter(({ cuts }) => !cuts)
  // A part that cuts ends the one before it, or begins the one after it, but only one such part does.
  const joins = (part: Part, next: Part) =>
    behavior === 'Contiguous'
      ? part.cuts === next.cuts
      : behavior === 'MergedWithPrevious'
        ? next.cuts && !part.cuts
        : part.cuts && !next.cuts
  const joined: Part[] = []
  parts.forEach((part, i) => {
    const last = joined.at(-1)
    if (last && joins(parts[i - 1], part)) last.to = part.to
    else joined.push({ ...part })
  })
  return joined
}

function byteLevel(config: Config): PreTokenizer {
  const addPrefix = flag(config, 'add_prefix_space')
  const cuts = config.use_regex === undefined || flag(config, 'use_regex')
  return (text) => {
    const whole = addPrefix && !text.text.startsWith(' ') ? text.prepend(' ') : text
    const words = cuts ? split(whole, gpt2Pattern, 'Isolated') : [whole]
    return words.map((word) => word.map(word.text, symbolsOf))
  }
}

function metaspace(config: Config): PreTokenizer {
  const mark = markOf(config)
  const scheme = config.prepend_scheme ?? (config.add_prefix_space === false ? 'never' : 'always')
  if (scheme !== 'always' && scheme !== 'first' && scheme !== 'never')
    fail(`the prepend_scheme of its Metaspace is ${nameOf(scheme)}`)
  const cuts = config.split === undefined || flag(config, 'split')
  const marks = literally(mark)
  return (text) => {
    let whole = text.replace(/ /g, () => mark)
    const prepends = scheme === 'always' || (scheme === 'first' && whole.origin === 0)
    if (prepends && !whole.text.startsWith(mark)) whole = whole.prepend(mark)
    return cuts ? split(whole, marks, 'MergedWithNext') : [whole]
  }
}
