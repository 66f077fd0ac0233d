import { afterAll, describe, expect, it } from 'vitest'
import { fails, makeGpt2, makeModel, ok, temporaryFolder } from './heed.js'

const folder = await temporaryFolder()
afterAll(() => folder[Symbol.asyncDispose]())
const [model, gpt2] = [folder.path('model'), folder.path('gpt2')]
await makeModel(model)
await makeGpt2(gpt2)

interface Lens {
  positions: number[]
  layers: { site: string; likely: { id: number; text: string; probability: number }[][] }[]
}
interface Taken {
  token: number
  position: number
  logit: number
  parts: { part: string; site: string; head?: number; value: number }[]
}
const logits = (...args: string[]) => ['logits', ...args, '--model', gpt2]
const json = async <T>(...args: string[]) => JSON.parse(await ok([...logits(...args), '--json'])) as T
const text = 'the dog sees'

it('has help that fits 80 columns', async () => {
  const help = await ok(['logits', '--help'])
  expect(help).toMatch(/^Usage: heed logits /)
  expect(Math.max(...help.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(80)
  expect(await ok(['--help'])).toContain('logits')
})

describe('the logit lens', () => {
  it('has every layer, and at the last one what the model goes on with', async () => {
    const { layers, positions } = await json<Lens>(text, '--position', '-1', '--top', '3')
    expect(layers.map(({ site }) => site)).toEqual(['embedding', 'layers.0.output', 'layers.1.output'])
    expect(positions).toHaveLength(1)
    for (const { likely } of layers) {
      const values = likely[0].map(({ probability }) => probability)
      expect(values).toHaveLength(3)
      expect(values).toEqual(values.toSorted((a, b) => b - a))
    }
    const generated = await ok(['generate', text, '--model', gpt2, '--max-tokens', '1', '--json'])
    const { tokens } = JSON.parse(generated) as { tokens: { id: number }[] }
    expect(tokens[0].id).toBe(layers[2].likely[0][0].id)
  })

  it('in the terminal: one line a layer for a sentence, more for a position', async () => {
    const whole = await ok(logits(text))
    expect(whole).toMatch(/^What the model would say after each layer\nat each position of: /)
    expect(whole).toMatch(/^layers\.1\.output {2}\S/m)
    const one = await ok(logits(text, '--position', '0'), { env: { COLUMNS: '40' } })
    expect(one.replace(/\s+/g, ' ')).toMatch(/^What the model would say after each layer, at position 0: /)
    expect(one).toMatch(/^layers\.1\.output .*\d\.\d\d/m)
    for (const line of one.split('\n')) expect([...line].length).toBeLessThanOrEqual(40)
  })

  it('of a translator is over what it says', async () => {
    const out = await ok(['logits', 'the dog', '--model', model, '--json'])
    const { layers, positions, tokens } = JSON.parse(out) as Lens & { tokens: { target: object[] } }
    expect(layers.map(({ site }) => site)).toEqual([
      'decoder.embedding',
      'decoder.0.output',
      'decoder.1.output',
    ])
    expect(positions).toEqual(tokens.target.map((_, n) => n))
  })
})

describe('--token', () => {
  it('takes a logit apart: all parts add up to it', async () => {
    const [dog, cat] = [await json<Taken>(text, '--token', 'd'), await json<Taken>(text, '--token', 'c')]
    for (const { parts, logit } of [dog, cat]) {
      expect(parts.filter(({ part }) => part === 'head')).toHaveLength(4)
      expect(parts.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(logit, 3)
    }
    const both = await json<Taken>(text, '--token', 'd', '--versus', 'c')
    expect(both.logit).toBeCloseTo(dog.logit - cat.logit, 3)
    const shown = await ok(logits(text, '--token', 'd', '--versus', 'c', '--top', '2'))
    expect(shown).toMatch(/^What makes the model say "d" over "c": logit difference [+−±]\d/)
    expect(shown).toMatch(/^[+−±]\d+\.\d\d {2}the 8 other parts together$/m)
  })

  it('is refused where it cannot be', async () => {
    await fails(1, logits(text, '--token', ' television'), /" television" is \d+ tokens.*give one/)
    await fails(1, logits(text, '--token', ''), /is 0 tokens/)
    await fails(1, logits(text, '--versus', ' dog'), /--versus is set against --token/)
    await fails(1, logits(text, '--position', '99'), /no position 99/)
    await fails(2, logits(text, '--position', 'x'), /--position.*whole number/)
    await fails(2, logits(), /missing required argument 'text'/)
    const post = folder.path('post')
    await makeModel(post, { norm: 'post' })
    await fails(1, ['logits', 'the dog', '--model', post, '--token', 'd'], /post-norm/)
  })
})
