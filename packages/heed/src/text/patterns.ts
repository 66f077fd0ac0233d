import { HeedError } from '../errors.js'
import { isRecord, quote } from '../json.js'
import { fail } from './format.js'

/** `(?i:…)`, which not every engine has. The long s folds to s. */
const contractions = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)`
const foldedContractions = `(?:'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])`

const lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
const upper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`
const mark = String.raw`[^\r\n\p{L}\p{N}]?`
const spaces = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`
const symbols = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`

const gpt2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

/**
 * The regular expressions of known models. Another one from a file could take exponential time, as `(a+)+$` does, so
 * that a folder from outside could hang the process: only these run.
 */
const known: readonly string[] = [
  gpt2,
  // Llama 3, cl100k
  String.raw`${contractions}|${mark}\p{L}+|\p{N}{1,3}|${symbols}|${spaces}`,
  // Qwen 2 and 3
  String.raw`${contractions}|${mark}\p{L}+|\p{N}|${symbols}|${spaces}`,
  // o200k: GPT-4o, gpt-oss
  String.raw`${mark}${upper}*${lower}+${contractions}?|${mark}${upper}+${lower}*${contractions}?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${spaces}`,
  // Mistral Nemo
  String.raw`${mark}${upper}*${lower}+|${mark}${upper}+${lower}*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${spaces}`,
  // DeepSeek 3
  String.raw`\p{N}{1,3}`,
  '[一-龥\u3040-ゟ゠-ヿ]+',
  '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+',
  // Falcon
  '[0-9][0-9][0-9]',
  // T5 and ALBERT, as transformers converts them
  ' {2,}',
]

const compiled = new Map<string, RegExp>()

/** `\s` is Unicode's White_Space, which counts U+0085 and not U+FEFF, unlike JavaScript's. */
function compile(source: string): RegExp {
  let regExp = compiled.get(source)
  if (!regExp) {
    const own = source
      .replaceAll(contractions, foldedContractions)
      .replaceAll('\\s', '\\p{White_Space}')
      .replaceAll('\\S', '\\P{White_Space}')
    regExp = new RegExp(own, 'gu')
    compiled.set(source, regExp)
  }
  return regExp
}

/** GPT-2's pre-tokeniser, as the Rust `tokenizers` run it. */
export const gpt2Pattern = compile(gpt2)

/** What a word is made of for the Rust `tokenizers`, as the inside of a character class: their `\w`. */
export const wordCharacters = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}`

/** What matches the text itself. */
export const literally = (text: string): RegExp =>
  new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu')

/**
 * The `pattern` of a step: `{ String }` or `{ Regex }`.
 *
 * @throws HeedError `unsupported` for an unknown regular expression
 */
export function patternOf(config: Record<string, unknown>): RegExp {
  const { pattern } = config
  if (!isRecord(pattern)) fail(`a ${quote(config.type)} step has no pattern`)
  if (typeof pattern.String === 'string' && pattern.String !== '') return literally(pattern.String)
  if (typeof pattern.Regex !== 'string') fail(`a ${quote(config.type)} step has no pattern`)
  if (known.includes(pattern.Regex)) return compile(pattern.Regex)
  throw new HeedError(
    'unsupported',
    `tokenizer.json: the pattern ${quote(pattern.Regex)} is not one that heed knows to end in time, such as GPT-2's or Llama 3's`,
  )
}
