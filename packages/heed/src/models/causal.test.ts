import { beforeEach, describe, expect, it } from 'vitest'
import { embedding, tensor } from '../ops/index.js'
import { liveTensors, scope } from '../tensor/index.js'
import { coded } from '../testing/index.js'
import { tinyGpt2, tinyTokenizerJson } from '../testing/tiny-gpt2.js'
import { Tokenizer } from '../text/index.js'
import {
  CausalModel,
  type GeneratedToken,
  type GenerateOptions,
  type ModelFiles,
  type Prompt,
} from './index.js'

let before = 0
beforeEach(() => {
  before = liveTensors()
  return () => expect(liveTensors()).toBe(before)
})

async function generated(
  model: CausalModel,
  prompt: Prompt,
  options?: GenerateOptions,
): Promise<GeneratedToken[]> {
  const tokens: GeneratedToken[] = []
  for await (const token of model.generate(prompt, options)) tokens.push(token)
  return tokens
}
const idsOf = async (...args: Parameters<typeof generated>) => (await generated(...args)).map(({ id }) => id)
const tokenizer = Tokenizer.fromJson(tinyTokenizerJson)
const bytes = (text: string) => [...tokenizer.encodeIds(text, { addSpecials: false })]

/** A model that goes on from a prompt of one token with `script`, whatever it reads. */
function scripted(
  script: readonly number[],
  files: ModelFiles = {},
  config: Record<string, unknown> = {},
): CausalModel {
  return scope(() => {
    const scores = new Float32Array(script.length * 280)
    script.forEach((id, position) => (scores[position * 280 + id] = 5))
    const table = tensor(scores, [script.length, 280])
    const net = {
      sites: [],
      activations: ['logits'],
      heads: 1,
      vocabSize: 280,
      embedding: '',
      maxPositions: script.length,
      hidden: (_: unknown, { width }: { width: number }, start: number) =>
        embedding(
          tensor(
            Int32Array.from({ length: width }, (_, t) => start + t),
            [1, width],
          ),
          table,
        ),
      logits: (_: unknown, hidden: ReturnType<typeof tensor>) => hidden.view(hidden.shape),
    }
    return new CausalModel(
      { model_type: 'scripted', ...config },
      net,
      { table },
      { tokenizerJson: tinyTokenizerJson, ...files },
    )
  })
}

describe('generation', () => {
  it('goes on with the draws of a text that was broken off', async () => {
    using model = tinyGpt2()
    const options = { temperature: 1.5, seed: 3, endIds: [] }
    const whole = await idsOf(model, 'the dog', { ...options, maxTokens: 12 })
    const begun = [...bytes('the dog'), ...whole.slice(0, 5)]
    expect(await idsOf(model, begun, { ...options, maxTokens: 7, firstDraw: 5 })).toEqual(whole.slice(5))
    await expect(idsOf(model, 'the dog', { firstDraw: -1 })).rejects.toThrow(coded('option', 'firstDraw'))
    await expect(idsOf(model, 5 as never)).rejects.toThrow(coded('option', 'a prompt is'))
  })

  it('gives the same tokens with and without a cache, greedy and drawn', async () => {
    using model = tinyGpt2()
    const drawn = { temperature: 1.5, topK: 40, topP: 0.95, repetitionPenalty: 1.2, seed: 3 }
    for (const options of [{}, drawn, { ...drawn, seed: 4 }]) {
      const expected = await generated(model, 'the dog', { ...options, maxTokens: 15, endIds: [] })
      expect(expected).toHaveLength(15)
      const without = await generated(model, 'the dog', {
        ...options,
        maxTokens: 15,
        endIds: [],
        cache: false,
      })
      expect(without.map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
      expect(without.map(({ text }) => text)).toEqual(expected.map(({ text }) => text))
      without.forEach(({ logProb }, i) => expect(logProb).toBeCloseTo(expected[i].logProb, 6))
    }
    const seeds = await Promise.all([1, 2].map((seed) => idsOf(model, 'the', { temperature: 2, seed })))
    expect(seeds[0]).not.toEqual(seeds[1])
  })

  it('interleaves with others of the same model', async () => {
    using model = tinyGpt2()
    const options = { temperature: 1, maxTokens: 10, endIds: [] }
    const alone = [await idsOf(model, 'the dog', options), await idsOf(model, 'a', options)]
    expect(await Promise.all([idsOf(model, 'the dog', options), idsOf(model, 'a', options)])).toEqual(alone)
  })

  it('streams text that joined is what complete gives', async () => {
    using model = tinyGpt2()
    const options = { temperature: 3, maxTokens: 20, endIds: [] }
    const tokens = await generated(model, 'the dog', options)
    const whole = tokens.map(({ text }) => text).join('')
    expect(await model.complete('the dog', options)).toBe(whole)
    const known = tokens.map(({ id }) => id).filter((id) => id < tokenizer.vocabSize)
    expect(whole).toBe(tokenizer.decode(known))
    expect(tokens.every(({ logProb }) => logProb < 0)).toBe(true)
  })

  it('goes on from ids as from their text, and gives no text without a tokenizer', async () => {
    using model = tinyGpt2()
    using bare = tinyGpt2({}, { tokenizerJson: undefined })
    const expected = await idsOf(model, 'the dog', { maxTokens: 6, endIds: [] })
    expect(await idsOf(model, model.encode('the dog').ids, { maxTokens: 6, endIds: [] })).toEqual(expected)
    const tokens = await generated(bare, [...model.encode('the dog').ids], { maxTokens: 6, endIds: [] })
    expect(tokens.map(({ id }) => id)).toEqual(expected)
    expect(tokens.map(({ text }) => text).join('')).toBe('')
    await expect(bare.complete([1, 2])).rejects.toThrow(coded('unsupported', 'tokenizer'))
    await expect(idsOf(bare, [1, 2], { stop: ['a'] })).rejects.toThrow(coded('unsupported', 'tokenizer'))
    await expect(idsOf(bare, 'the')).rejects.toThrow(coded('unsupported', 'tokenizer'))
  })

  it('goes on from a conversation as its template writes it', async () => {
    const chatTemplate = '{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}<|endoftext|>'
    using model = tinyGpt2({}, { chatTemplate })
    const chat = [{ role: 'user', content: 'the dog' }]
    const written = tokenizer.encodeIds('user: the dog\n<|endoftext|>', { addSpecials: false })
    const options = { maxTokens: 4, endIds: [] }
    expect(await idsOf(model, { chat }, options)).toEqual(await idsOf(model, written, options))
    using plain = tinyGpt2()
    await expect(idsOf(plain, { chat })).rejects.toThrow(coded('unsupported', 'chat template'))
  })
})

describe('the end', () => {
  const reasons = (tokens: GeneratedToken[]) => tokens.map(({ reason }) => reason)

  it('comes with an end token of generation_config.json, else of config.json, else of the tokenizer', async () => {
    const script = [...bytes('abc'), 7, 0, ...bytes('d')]
    const end = async (files: ModelFiles, config = {}, options: GenerateOptions = {}) => {
      using model = scripted(script, files, config)
      const tokens = await generated(model, [5], options)
      expect(
        reasons(tokens)
          .slice(0, -1)
          .every((reason) => reason === undefined),
      ).toBe(true)
      return [tokens.at(-1)!.id, tokens.at(-1)!.reason]
    }
    const [a, b, c] = bytes('abc')
    expect(await end({ generationConfig: { eos_token_id: [999, b] } }, { eos_token_id: a })).toEqual([
      b,
      'end',
    ])
    expect(await end({ generationConfig: { eos_token_id: c } })).toEqual([c, 'end'])
    expect(await end({ generationConfig: {} }, { eos_token_id: 7 })).toEqual([7, 'end'])
    expect(await end({ generationConfig: { eos_token_id: null } }, { eos_token_id: [a] })).toEqual([a, 'end'])
    expect(await end({})).toEqual([0, 'end'])
    expect(await end({}, {}, { endIds: [b] })).toEqual([b, 'end'])
    expect(await end({}, {}, { endIds: [] })).toEqual([0, 'length'])
    for (const eos_token_id of ['2', [2, '3'], 1.5])
      expect(() => scripted(script, { generationConfig: { eos_token_id } })).toThrow(
        coded('format', 'generation_config.json', 'eos_token_id'),
      )
  })

  it('comes with maxTokens, or when prompt and text fill the positions', async () => {
    using model = tinyGpt2()
    const some = await generated(model, 'the', { maxTokens: 3, endIds: [] })
    expect(reasons(some)).toEqual([undefined, undefined, 'maxTokens'])
    const prompt = model.encode('the dog').ids
    const all = await generated(model, prompt, { maxTokens: Infinity, endIds: [] })
    expect(all).toHaveLength(32 - prompt.length)
    expect(all.at(-1)!.reason).toBe('length')
    expect(await idsOf(model, new Int32Array(31).fill(5), { endIds: [] })).toHaveLength(1)
    for (const length of [32, 40])
      await expect(idsOf(model, new Int32Array(length).fill(5))).rejects.toThrow(
        coded('input', `${length}`, '32'),
      )
  })

  it('comes with a stop that lies across tokens; text before it is given, it is not', async () => {
    using model = scripted([...bytes('aä. b'), ...bytes('zzz')])
    const tokens = await generated(model, [5], { stop: ['ä. ', 'nothing'] })
    expect(tokens.map(({ text }) => text).join('')).toBe('a')
    expect(tokens.at(-1)!.reason).toBe('stop')
    expect(tokens.map(({ id }) => id)).toEqual(bytes('aä. '))
    expect(await model.complete([5], { stop: ['z'] })).toBe('aä. b')
    expect(await model.complete([5], { stop: ['zzzz'], maxTokens: 7 })).toBe('aä. bz')
  })

  it('a character that is cut off by it is told as U+FFFD', async () => {
    using model = scripted([...bytes('a🐘').slice(0, 3), 0, 5])
    expect(await model.complete([5])).toBe('a\ufffd')
  })

  it('comes with the signal, also between tokens, and leaves nothing behind', async () => {
    using model = tinyGpt2()
    const controller = new AbortController()
    const tokens: number[] = []
    const work = async () => {
      for await (const { id } of model.generate('the', { signal: controller.signal, endIds: [] })) {
        tokens.push(id)
        if (tokens.length === 3) controller.abort()
      }
    }
    await expect(work()).rejects.toThrow(coded('aborted'))
    expect(tokens).toHaveLength(3)
    for await (const _ of model.generate('the', { endIds: [] })) break
  })

  it('lets timers through in a long generation', async () => {
    using model = tinyGpt2({ n_positions: 4000 })
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    const work = idsOf(model, 'the', {
      maxTokens: Infinity,
      endIds: [],
      signal: controller.signal,
      cache: false,
    })
    await expect(work).rejects.toThrow(coded('aborted'))
  })
})

describe('who watches and changes', () => {
  it('sees the prompt, then a position at a time; without a cache all of them', async () => {
    using model = tinyGpt2()
    const rows = async (cache: boolean) => {
      const seen: number[][] = []
      const attention = ({ q, k }: { q: { shape: readonly number[] }; k: { shape: readonly number[] } }) =>
        void seen.push([q.shape[1], k.shape[1]])
      const observers = [{ sites: 'layers.1.self', attention }]
      await generated(model, [4, 5, 6], { maxTokens: 3, endIds: [], observers, cache })
      return seen
    }
    expect(await rows(true)).toEqual([
      [3, 3],
      [1, 4],
      [1, 5],
    ])
    expect(await rows(false)).toEqual([
      [3, 3],
      [4, 4],
      [5, 5],
    ])
  })

  it('changes what is generated, the same with and without a cache', async () => {
    using model = tinyGpt2()
    const options = { maxTokens: 8, endIds: [], temperature: 1 }
    const change = { sites: 'layers.0.self', attention: () => ({ options: { causal: true, scale: -9 } }) }
    const changed = await idsOf(model, 'the dog', { ...options, with: [change] })
    expect(changed).not.toEqual(await idsOf(model, 'the dog', options))
    expect(await idsOf(model, 'the dog', { ...options, with: [change], cache: false })).toEqual(changed)
    await expect(idsOf(model, 'the', { with: [{ ...change, sites: 'layers.9.self' }] })).rejects.toThrow(
      coded('not-found', 'layers.9.self', 'layers.0.self'),
    )
  })
})

it('refuses what is no prompt, and options out of range', async () => {
  using model = tinyGpt2()
  for (const prompt of ['', []]) await expect(idsOf(model, prompt)).rejects.toThrow(coded('input', 'empty'))
  // Also where the tokenizer puts a special token in front; white space is a text.
  const single = [
    { SpecialToken: { id: '<|endoftext|>', type_id: 0 } },
    { Sequence: { id: 'A', type_id: 0 } },
  ]
  const post_processor = { type: 'TemplateProcessing', single, pair: single, special_tokens: {} }
  using begun = tinyGpt2({}, { tokenizerJson: { ...tinyTokenizerJson, post_processor } })
  expect(begun.encode('').ids).toHaveLength(1)
  await expect(idsOf(begun, '')).rejects.toThrow(coded('input', 'empty'))
  expect(await idsOf(begun, ' ', { maxTokens: 1 })).toHaveLength(1)
  await expect(idsOf(model, [1, 280])).rejects.toThrow(coded('input', '280', 'vocabulary'))
  for (const maxTokens of [0, -1, 1.5, NaN])
    await expect(idsOf(model, 'a', { maxTokens })).rejects.toThrow(coded('option', 'maxTokens'))
  for (const stop of [[''], 'text', [1]] as never[])
    await expect(idsOf(model, 'a', { stop })).rejects.toThrow(coded('option', 'stop'))
  await expect(idsOf(model, 'a', { max_tokens: 2 } as object)).rejects.toThrow(
    coded('option', "'max_tokens'"),
  )
  await expect(idsOf(model, 'a', { temperature: -1 })).rejects.toThrow(coded('option', 'temperature'))
  const unscored = new CausalModel(
    model.config,
    { ...model.net, hidden: () => tensor([1]), logits: undefined },
    {},
  )
  await expect(idsOf(unscored, [1])).rejects.toThrow(coded('unsupported', 'output over the vocabulary'))
})

it('says that it was disposed, not which of its tensors was', async () => {
  const model = tinyGpt2({}, { tokenizerJson: tinyTokenizerJson })
  model.dispose()
  await expect(idsOf(model, 'a')).rejects.toThrow(coded('disposed', 'this model was disposed; load it again'))
})
