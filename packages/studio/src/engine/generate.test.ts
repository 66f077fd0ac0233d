import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HeedError } from 'heed'
import { capture, forbid } from 'heed/lens'
import { type CausalModel, initLlama, loadModel, saveModel } from 'heed/models'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { generate, type GenerateRequest, MOST_PROMPT_TOKENS, type WritingPart } from './generate'
import { closeModels } from './models'
import { requests } from './requests'

const model = { name: 'heed-copy' }
const text = 'abcdefg abc'
const plain = { temperature: 0, topP: 1, seed: 0 }
afterEach(closeModels)

const request = (given: Partial<GenerateRequest>): GenerateRequest => ({
  model,
  text,
  ids: [],
  more: 0,
  sampling: plain,
  hidden: [],
  ...given,
})

async function parts(
  given: Partial<GenerateRequest> = {},
  signal = new AbortController().signal,
): Promise<WritingPart[]> {
  const told: WritingPart[] = []
  const answer = await generate(request(given), {
    signal,
    onProgress: () => undefined,
    onPart: (part) => told.push(part),
  })
  expect(answer.kind).toBe('written')
  return told
}
const near = (a: ArrayLike<number>, b: ArrayLike<number>, eps = 1e-5) => {
  expect(a.length).toBe(b.length)
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThanOrEqual(eps)
}

describe('a text that grows', () => {
  it('is the library’s own, and is drawn alike in one run and step by step', async () => {
    using loaded = (await loadModel('heed-copy')) as CausalModel
    const drawn = { temperature: 1.6, topK: 40, topP: 0.97, seed: 5 }
    const own: number[] = []
    for await (const { id } of loaded.generate(text, { ...drawn, maxTokens: 8, endIds: [] })) own.push(id)
    const told = await parts({ sampling: drawn, more: 7 })
    expect(told.map((part) => part.drawn)).toEqual(own)
    expect(told.map(({ ids }) => ids)).toEqual(own.map((_, n) => own.slice(0, n)))
    for (const n of [0, 3, 6]) {
      const [step] = await parts({ sampling: drawn, ids: own.slice(0, n) })
      expect(step.drawn).toBe(own[n])
      expect(step.next.map(({ id }) => id)).toEqual(told[n].next.map(({ id }) => id))
    }
  })

  it('rows are appended, and together are the map of the whole text', async () => {
    const told = await parts({ more: 5, site: 'layers.1.self', head: 2 })
    expect(told.map(({ first }) => first)).toEqual(told.map((part, n) => (n ? part.tokens.length - 1 : 0)))
    const last = told.at(-1)!
    const whole =
      text +
      last.tokens
        .slice(last.prompt)
        .map((token) => token.text || ' ')
        .join('')
    using loaded = (await loadModel('heed-copy')) as CausalModel
    using seen = await capture(loaded, whole, { sites: 'layers.1.self' })
    const weights = await seen.map('layers.1.self', 2).tile()
    const size = last.tokens.length
    expect(weights).toHaveLength(size * size)
    for (const { first, rows, tokens } of told)
      for (let i = first; i < tokens.length; i++)
        near(
          rows.subarray((i - first) * tokens.length, (i - first + 1) * tokens.length),
          weights.subarray(i * size, i * size + tokens.length),
        )
    // It copies: after abc comes d.
    expect(whole).toBe('abcdefg abcdefg ')
  })

  it('without a site: the last, the mean of its heads', async () => {
    const [{ site, rows }] = await parts()
    expect(site).toBe('layers.1.self')
    using loaded = (await loadModel('heed-copy')) as CausalModel
    using seen = await capture(loaded, text, { sites: site })
    near(rows, await seen.mean().tile())
  })
})

describe('what may come next', () => {
  it('as the model has it, after the temperature, and of those left in', async () => {
    const [greedy] = await parts()
    expect(greedy.next).toHaveLength(10)
    expect(greedy.next[0]).toMatchObject({ label: 'd', drawn: 1, id: greedy.drawn })
    const [hot] = await parts({ sampling: { ...plain, temperature: 2, topK: 4 } })
    hot.next.slice(0, 10).forEach(({ id, p, tempered, drawn, cut }, rank) => {
      expect(id).toBe(greedy.next[rank].id)
      expect(p).toBeCloseTo(greedy.next[rank].p, 12)
      if (rank === 0) expect(tempered).toBeLessThan(p)
      expect(cut).toBe(rank < 4 ? undefined : 'top-k')
      expect(drawn > 0).toBe(rank < 4)
    })
    expect(hot.left).toBe(4)
    expect(hot.vocabulary).toBe(259)
    expect(hot.next.reduce((sum, { drawn }) => sum + drawn, 0)).toBeCloseTo(1, 12)
  })

  it('says which filter cut a token off', async () => {
    const [{ next, left }] = await parts({ sampling: { ...plain, temperature: 1, topK: 6, topP: 0.3 } })
    expect(left).toBe(1)
    expect(next.slice(0, 10).map(({ cut }) => cut)).toEqual([
      undefined,
      ...Array(5).fill('top-p'),
      ...Array(4).fill('top-k'),
    ])
  })

  it('a token that was picked is gone on from', async () => {
    const [{ next }] = await parts()
    const picked = next[3].id
    const [after] = await parts({ ids: [picked] })
    expect(after.ids).toEqual([picked])
    expect(after.tokens.at(-1)!.text).toBe(next[3].label.replace('·', ' '))
  })
})

describe('what is hidden', () => {
  it('is looked at by nobody later, and what came without it is told', async () => {
    using loaded = (await loadModel('heed-copy')) as CausalModel
    const [before] = await parts()
    // b, c and d where they stood first.
    const hidden = [2, 3, 4]
    const told = await parts({ hidden, more: 2 })
    const size = told[0].tokens.length
    for (let i = 0; i < size; i++)
      for (const j of hidden) if (i > j) expect(told[0].rows[i * size + j]).toBe(0)
    expect(told.map(({ next }) => next.some(({ untouched }) => untouched !== undefined))).toEqual([
      false,
      false,
      true,
    ])
    const [alone] = await parts({ hidden })
    const lost = alone.next.find(({ label }) => label === 'd')!
    expect(lost.untouched).toBeCloseTo(before.next[0].p, 9)
    expect(lost.p).toBeLessThan(lost.untouched! / 2)
    const pairs = hidden.flatMap((key) => Array.from({ length: 20 }, (_, n) => [key + 1 + n, key] as const))
    for await (const { id } of loaded.generate(text, { maxTokens: 1, with: [forbid('*', pairs)] }))
      expect(alone.drawn).toBe(id)
  })
})

it('any causal model with a tokenizer: a tiny Llama of words and pieces, up to the end of its positions', async () => {
  const read = async (file: string) =>
    JSON.parse(
      await readFile(new URL(`../../../../models/heed-en-de/${file}`, import.meta.url), 'utf8'),
    ) as Record<string, never>
  const { vocab_size } = (await read('config.json')) as unknown as { vocab_size: number }
  const config = {
    model_type: 'llama',
    vocab_size,
    hidden_size: 16,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    intermediate_size: 24,
    max_position_embeddings: 24,
    tie_word_embeddings: true,
  }
  const folder = await mkdtemp(join(tmpdir(), 'heed-llama-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  using made = initLlama(config, 3, { tokenizerJson: await read('tokenizer.json') })
  await saveModel(made, folder)
  const given = {
    model: { name: folder },
    text: 'The elephant',
    sampling: { ...plain, temperature: 1, seed: 2 },
  }
  const told = await parts({ ...given, more: 200 })
  const last = told.at(-1)!
  expect(last.site).toBe('layers.1.self')
  expect(last.tokens.length + 1).toBe(24)
  expect(last.end).toBe('length')
  const own: number[] = []
  for await (const { id } of made.generate(given.text, { temperature: 1, seed: 2 })) own.push(id)
  expect(told.map(({ drawn }) => drawn)).toEqual(own)
  // What is hidden may look at itself.
  const [alone] = await parts({ ...given, hidden: [0] })
  expect(alone.rows[0]).toBe(1)
})

it('stops at once, and says what it cannot do', async () => {
  const controller = new AbortController()
  const told: WritingPart[] = []
  const onPart = (part: WritingPart) => {
    told.push(part)
    if (told.length === 3) controller.abort()
  }
  const context = { signal: controller.signal, onProgress: () => undefined, onPart }
  await expect(generate(request({ more: 100 }), context)).rejects.toMatchObject({ code: 'aborted' })
  expect(told).toHaveLength(3)
  await expect(parts({ model: { name: 'heed-en-de' } })).rejects.toSatisfy(
    (e: unknown) => e instanceof HeedError && e.code === 'unsupported',
  )
  const calm = { ...context, signal: new AbortController().signal }
  expect(await generate(request({ text: 'a'.repeat(1000) }), calm)).toMatchObject({
    kind: 'too-long',
    limit: MOST_PROMPT_TOKENS,
  })
  expect(await requests.open(model, calm)).toMatchObject({ generates: true, translates: false })
  expect(await requests.open({ name: 'heed-describe' }, calm)).toMatchObject({ generates: false })
})
