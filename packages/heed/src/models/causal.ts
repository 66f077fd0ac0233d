import { checkOptions } from '../ops/check.js'
import { breather } from '../breathe.js'
import { HeedError, HeedTypeError, throwIfAborted } from '../errors.js'
import { quote } from '../json.js'
import type { Weights } from '../nn/weights.js'
import { Cache } from './cache.js'
import { type ChatMessage, renderChat } from './chat.js'
import type { ModelFiles } from './family.js'
import { padIds } from './ids.js'
import { type Intervention, type Observer, Run } from './run.js'
import { sampler, type SamplingOptions } from './sampling.js'
import { type Net, SequenceModel } from './sequence.js'
import { TextStream } from './text-stream.js'

/**
 * What a text goes on from: text, around which the tokenizer puts its special tokens; ids as they are; or a conversation,
 * which the model's chat template makes a text up to where the model answers. Special tokens written in it are read as such.
 */
export type Prompt = string | ArrayLike<number> | { chat: readonly ChatMessage[] }

export interface GenerateOptions extends SamplingOptions {
  /** The most tokens, an end token included; Infinity: as many as there are positions. Default 128. */
  maxTokens?: number
  /** Texts that end the generation and are not given out; they may begin and end anywhere in a token. Default none. */
  stop?: readonly string[]
  /** Ids that end the text. Default: what generation_config.json, config.json or the tokenizer says, in this order. */
  endIds?: readonly number[]
  /**
   * The number of the first draw. A text that is gone on with after n tokens draws with n what it would have drawn, had it
   * never been broken off. Default 0.
   */
  firstDraw?: number
  /** Keeps keys and values, so that a step computes one position only; the tokens are the same without. Default true. */
  cache?: boolean
  signal?: AbortSignal
  /** They see the pass over the prompt, then one pass for each token: over its position, or over all without a cache. */
  observers?: readonly Observer[]
  /** What changes these passes, in which `logits` are those of the last position alone, [1, 1, V]. */
  with?: readonly Intervention[]
}

const generateOptions: readonly (keyof GenerateOptions)[] = [
  'maxTokens',
  'temperature',
  'topK',
  'topP',
  'repetitionPenalty',
  'seed',
  'firstDraw',
  'stop',
  'endIds',
  'cache',
  'signal',
  'observers',
  'with',
]

/**
 * Why a text ended: by an end token, by a stop, by `maxTokens`, or because prompt and text fill the model's positions.
 */
export type EndReason = 'end' | 'stop' | 'maxTokens' | 'length'

export interface GeneratedToken {
  id: number
  /**
   * The text that became certain with this token, whole characters: nothing while a character or what may be a stop is
   * unfinished, then all of it. All of them joined are the text. Empty when the model has no tokenizer.
   */
  text: string
  /** log p of the token in nats as the model has it, before any filter. */
  logProb: number
  /** Of the last token: why it is the last. */
  reason?: EndReason
}

/** A language model: every token sees itself and what is before it, and scores what comes next. GPT-2 and its kin. */
export class CausalModel extends SequenceModel {
  /** Ids that end a text. */
  readonly endIds: readonly number[]

  constructor(config: { readonly model_type: string }, net: Net, weights: Weights, files: ModelFiles = {}) {
    // Checked first: a model that cannot be made owns no weights.
    const stated = idsOf(files.generationConfig, 'generation_config.json') ?? idsOf(config, 'config.json')
    super(config, net, weights, files)
    this.endIds = stated ?? (this.tokenizer?.eosId === undefined ? [] : [this.tokenizer.eosId])
  }

  /**
   * Goes on from the prompt, giving each token when it is chosen: `for await (const { text } of model.generate('Once'))`.
   * Leaving the loop ends the work.
   *
   * @throws HeedError `input` for an empty prompt, or one that leaves no position for a token; `aborted` by the signal;
   *   `unsupported`, `format` or `input` for a conversation that has no template or does not fit it;
   *   `not-found` for a site that there is not; `unsupported` when the model has no output over the vocabulary, or no
   *   tokenizer where text is given or a stop is to be found; HeedTypeError `option` for an option out of range
   */
  async *generate(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<GeneratedToken, void> {
    checkOptions('generate', options, generateOptions)
    const { maxTokens = 128, stop = [], endIds = this.endIds, firstDraw = 0, signal } = options
    if (!((Number.isSafeInteger(maxTokens) && maxTokens >= 1) || maxTokens === Infinity))
      throw new HeedTypeError('option', `maxTokens must be a whole number from 1 up, got ${maxTokens}`)
    if (!(Number.isSafeInteger(firstDraw) && firstDraw >= 0))
      throw new HeedTypeError('option', `firstDraw must be a whole number from 0 up, got ${firstDraw}`)
    if (!Array.isArray(stop) || !stop.every((text) => typeof text === 'string' && text !== ''))
      throw new HeedTypeError('option', 'stop must be a list of texts that are not empty')
    const choose = sampler(options)
    const ids = Array.from(await this.#promptIds(prompt))
    const stream = this.tokenizer && new TextStream(this.tokenizer, stop, ids)
    if (stop.length > 0) this.needTokenizer()

    using cache = (options.cache ?? true) ? new Cache() : undefined
    const run = new Run(this, { cache, observers: options.observers, with: options.with })
    const seen = new Set(ids)
    const room = this.net.maxPositions - ids.length
    const [most, atMost] = maxTokens <= room ? [maxTokens, 'maxTokens' as const] : [room, 'length' as const]
    const breathe = breather()
    for (let step = 0; step < most; step++) {
      await breathe()
      throwIfAborted(signal)
      const scores = await this.#scores(run, ids.slice(cache?.length ?? 0))
      const { id, logProb } = choose(scores, seen, firstDraw + step)
      ids.push(id)
      seen.add(id)
      const ended = endIds.includes(id)
      const last = ended || step === most - 1
      const { text, stopped } = stream?.push(id, last) ?? { text: '', stopped: false }
      const reason = stopped ? 'stop' : ended ? 'end' : last ? atMost : undefined
      yield { id, text, logProb, ...(reason && { reason }) }
      if (reason) return
    }
  }

  /**
   * The text that `generate` gives, whole.
   *
   * @throws what `generate` throws; HeedError `unsupported` when the model has no tokenizer
   */
  async complete(prompt: Prompt, options: GenerateOptions = {}): Promise<string> {
    this.needTokenizer()
    let whole = ''
    for await (const { text } of this.generate(prompt, options)) whole += text
    return whole
  }

  /** Scores [V] of the token after the last. */
  async #scores(run: Run, ids: number[]): Promise<Float32Array | Float64Array> {
    const logits = this.logits(run, padIds([ids], this.padId), { last: true }).keep()
    try {
      return (await logits.data()) as Float32Array | Float64Array
    } finally {
      logits.dispose()
    }
  }

  async #promptIds(prompt: Prompt): Promise<ArrayLike<number>> {
    const ids = await this.#idsOf(prompt)
    if (ids.length === 0)
      throw new HeedError('input', 'the prompt is empty; give the beginning of a text to go on from')
    const { maxPositions } = this.net
    if (ids.length >= maxPositions)
      throw new HeedError(
        'input',
        `the prompt has ${ids.length} tokens, which leaves no room: this model takes at most ${maxPositions}, prompt and text together; shorten it`,
      )
    return ids
  }

  async #idsOf(prompt: Prompt): Promise<ArrayLike<number>> {
    // Of an empty text there may be special tokens all the same, which its tokenizer puts in front.
    if (typeof prompt === 'string') return prompt === '' ? [] : this.needTokenizer().encodeIds(prompt)
    if (typeof prompt !== 'object')
      throw new HeedTypeError('option', `a prompt is a string, ids or { chat }, not ${typeof prompt}`)
    if (!('chat' in prompt)) return prompt
    // The template writes the special tokens itself.
    const text = await renderChat(prompt.chat, this.files)
    return this.needTokenizer().encodeIds(text, { addSpecials: false })
  }
}

/** `eos_token_id` of a file: a number, a list, or nothing. */
function idsOf(json: object | undefined, file: string): readonly number[] | undefined {
  const value: unknown = (json as { eos_token_id?: unknown } | undefined)?.eos_token_id ?? undefined
  if (value === undefined) return undefined
  const ids: unknown[] = Array.isArray(value) ? value : [value]
  if (ids.every((id) => Number.isInteger(id))) return ids as number[]
  throw new HeedError('format', `${file}: 'eos_token_id' is ${quote(value)}, expected an id or a list of ids`)
}
