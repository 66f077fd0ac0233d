import { Aligned } from './aligned.js'
import { charsMapOf } from './charsmap.js'
import { flag, nameOf, stepsOf, stringOf, unsupported } from './format.js'
import type { Config } from './format.js'
import { patternOf } from './patterns.js'

/** Changes a text before it is cut into pieces. */
export type Normalizer = (text: Aligned) => Aligned

/**
 * The `normalizer` of a tokenizer.json, exactly as the Rust `tokenizers` run it, with the places of all characters.
 *
 * @throws HeedError `format` or `unsupported`, naming the step
 */
export function normalizerOf(config: unknown): Normalizer {
  return inOrder(stepsOf(config, 'normalizer', 'normalizers').map(stepOf))
}

const inOrder =
  (steps: readonly Normalizer[]): Normalizer =>
  (text) =>
    steps.reduce((done, step) => step(done), text)

function stepOf(config: Config): Normalizer {
  switch (config.type) {
    case 'BertNormalizer':
      return bertNormalizer(config)
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return unicodeForm(config.type)
    case 'Lowercase':
      return lowercase
    case 'StripAccents':
      return remove(/\p{M}+/gu)
    case 'Strip':
      return inOrder([
        ...(flag(config, 'strip_left') ? [remove(/^\p{White_Space}+/gu)] : []),
        ...(flag(config, 'strip_right') ? [stripRight] : []),
      ])
    case 'Replace': {
      const pattern = patternOf(config)
      const content = stringOf(config, 'content')
      return (text) => text.replace(pattern, () => content)
    }
    case 'Prepend': {
      const content = stringOf(config, 'prepend')
      return (text) => text.prepend(content)
    }
    case 'Precompiled':
      return charsMapOf(config.precompiled_charsmap)
    default:
      return unsupported(`the normalizer ${nameOf(config)}`)
  }
}

const remove =
  (pattern: RegExp): Normalizer =>
  (text) =>
    text.replace(pattern, () => '')

// A pattern with `$` would look at every run of spaces to its end.
const stripRight: Normalizer = (text) => {
  let end = text.text.length
  while (end > 0 && /\p{White_Space}/u.test(text.text[end - 1])) end--
  return text.slice(0, end)
}

// Character by character, so that a final sigma is a sigma.
const lowercase: Normalizer = (text) => text.replace(/[A-Z]|\P{ASCII}/gu, (c) => c.toLowerCase())

/**
 * What may change: a character with all that may combine with it (marks, the vowels and finals of Hangul, halfwidth
 * voiced marks), or one beyond ASCII alone. Each normalises by itself.
 */
const segment = /[^][\p{M}\u1160-\u11ff\ud7b0-\ud7ff\uff9e-\uffdc\u{16d63}-\u{16d6a}]+|\P{ASCII}/gu

function unicodeForm(form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): Normalizer {
  return (text) => {
    const whole = text.text.normalize(form)
    if (whole === text.text) return text
    const aligned = text.replace(segment, (c) => c.normalize(form))
    // Should a later Unicode combine more, then only the places are coarse.
    return aligned.text === whole ? aligned : text.replace(/[^]+/g, () => whole)
  }
}

const cjk =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu

function bertNormalizer(config: Config): Normalizer {
  const lower = flag(config, 'lowercase')
  const steps: Normalizer[] = []
  if (flag(config, 'clean_text'))
    steps.push(remove(/(?![\t\n\r])[\ufffd\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu), (text) =>
      text.replace(/\p{White_Space}/gu, () => ' '),
    )
  if (flag(config, 'handle_chinese_chars')) steps.push((text) => text.replace(cjk, (c) => ` ${c} `))
  // Left to itself, it strips accents when it lowers case.
  if (config.strip_accents == null ? lower : flag(config, 'strip_accents'))
    steps.push(unicodeForm('NFD'), remove(/\p{Mn}+/gu))
  if (lower) steps.push(lowercase)
  return inOrder(steps)
}
