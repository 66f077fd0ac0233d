import { checkOptions } from '../ops/check.js'
import { reshape } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { Token } from '../text/index.js'
import { finiteValues } from './damaged.js'
import type { TextRun } from './family.js'
import { checkText, padIds } from './ids.js'
import { type Observer, Run, type SitePattern, unlessEnded } from './run.js'
import type { Transformer } from './transformer.js'
import { type DecodeOptions, translateIds } from './translate.js'

export interface PairRunOptions extends DecodeOptions {
  /** The target text, or its ids without start and end token. Default: what the model translates the text to. */
  target?: string | ArrayLike<number>
  /** They see the pass over the pair, not the translation. */
  observers?: readonly Observer[]
  /** Ends that pass once it has been through all of these sites: what comes later is not computed, and not given. */
  until?: SitePattern
}

/** A pass over a source and its target, both whole. */
export interface PairRun extends TextRun {
  /** The target as text. */
  output: string
  tokens: { source: Token[]; target: Token[] }
  /** [S]: the source's ids, `</s>` at the end. */
  source: Int32Array
  /** [T]: the decoder's inputs, from `<s>` on; row i of a decoder map is the query that predicts token i + 1. */
  target: Int32Array
  /** [T, vocabulary]: row i scores what comes after target i; of length 0 when the pass ended `until` a site. */
  logits: Float32Array
}

const runOptions = ['target', 'observers', 'until', 'beam', 'lengthPenalty', 'maxLength', 'signal', 'with']

/**
 * @throws HeedError `input` for an empty text, or a source or target with more tokens than max_positions; HeedTypeError
 *   `option` for an option that there is not
 */
export async function runPair(
  model: Transformer,
  text: string,
  options: PairRunOptions = {},
): Promise<PairRun> {
  checkOptions('run', options, runOptions)
  const { target, observers, until, ...decode } = options
  checkText(text)
  // Made first: an unknown site is told before the work of a translation.
  const run = new Run(model, { observers, with: decode.with, until })
  const source = model.sourceIds(text)
  const ids =
    target === undefined
      ? (await translateIds(model, [source], decode))[0].tokens
      : typeof target === 'string'
        ? model.targetIds(target)
        : target
  const inputs = Int32Array.from([model.config.bos_token_id, ...Array.from(ids)])
  const output = typeof target === 'string' ? target : model.tokenizer!.decode(ids)

  const { pad_token_id: pad, vocab_size } = model.config
  const pass = () => {
    const padded = padIds([source], pad)
    const memory = model.encode(run, padded)
    const logits = model.decode(run, padIds([inputs], pad), memory, padded.lengths)
    return reshape(logits, [inputs.length, vocab_size])
  }
  using logits = unlessEnded(() => scope(pass))?.keep()
  const tokenizer = model.tokenizer!
  const tokens = { source: tokenizer.tokensOf(source, text), target: tokenizer.tokensOf(inputs, output) }
  const values = logits ? await finiteValues(logits) : new Float32Array(0)
  return { text, output, tokens, source, target: inputs, logits: values }
}
