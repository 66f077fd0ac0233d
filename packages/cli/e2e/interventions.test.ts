import { readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { fails, makeGpt2, modelForTests, ok } from './heed.js'

const { folder, model: translator } = await modelForTests()
const gpt2 = folder.path('gpt2')
await makeGpt2(gpt2)
const text = 'The elephant is very large.'

interface Effect {
  output: { before: string; after: string } | null
  loss: { before: number; after: number } | null
}
const document = async (...args: string[]) => JSON.parse(await ok(args)) as Record<string, unknown>

it('ablate: each head of a site, the worst first', async () => {
  const doc = await document('ablate', text, '--site', 'decoder.0.self', '--beam', '1', '--json')
  expect(Object.keys(doc)).toEqual(['model', 'text', 'to', 'heads'])
  expect(doc).toMatchObject({ model: 'heed-en-de', text, to: 'zero' })
  const heads = doc.heads as ({ site: string; head: number } & Effect)[]
  expect(heads.map(({ site, head }) => `${site} ${head}`).sort()).toEqual(
    [0, 1, 2, 3].map((head) => `decoder.0.self ${head}`),
  )
  const damage = heads.map(({ loss }) => loss!.after - loss!.before)
  expect(damage).toEqual(damage.toSorted((a, b) => b - a))
  const [{ site, head, output }] = heads
  const changed = await ok(['translate', text, '--beam', '1', '--with', `zero:${site}:${head}`])
  expect(changed.trimEnd()).toBe(output!.after)

  const table = await ok(['ablate', 'the dog', '--model', translator, '--beam', '1', '--top', '3'])
  expect(table).toMatch(/without +head +loss +the output becomes/)
  expect(table.match(/^(en|de)coder\.\d\.(self|cross) +\d +[+−±]/gm)).toHaveLength(3)
  expect(table).toMatch(/the 3 worst of 12 heads; --top 12 or --json lists all/)
})

it('ablate: named heads together, and what it does', async () => {
  const args = ['ablate', text, '--site', 'decoder.1.cross', '--head', '0', '--head', '2', '--beam', '1']
  const doc = await document(...args, '--json')
  expect(Object.keys(doc)).toEqual([
    'model',
    'text',
    'sites',
    'heads',
    'to',
    'output',
    'loss',
    'predictions',
    'embedding',
  ])
  expect(doc).toMatchObject({ sites: ['decoder.1.cross'], heads: [0, 2], embedding: null })
  const shown = await ok(args)
  expect(shown).toMatch(/^output {3}\S/)
  expect(shown).toMatch(/^loss {5}\d\.\d{3} → \d\.\d{3} \([+−±]\d\.\d{3} nats per token\)$/m)
  expect(shown).toMatch(/What token \d+ \(.*\) predicts: KL \d/)
})

it('ablate: to means of the text, or of the lines of a file', async () => {
  const file = folder.path('texts.txt')
  await writeFile(file, 'the dog sees the cat\n\nder Hund sieht\n')
  const where = ['--model', gpt2, '--site', 'layers.0.self', '--head', '1', '--max-tokens', '5']
  const args = ['ablate', 'the dog', ...where, '--json', '--mean']
  const own = (await document(...args)) as unknown as Effect & { to: string }
  const others = (await document(...args, '--file', file)) as unknown as Effect
  expect(own.to).toBe('mean')
  expect(others.loss!.before).toBe(own.loss!.before)
  expect(others.loss!.after).not.toBe(own.loss!.after)
})

it('patch: a heat map, a picture and a document', async () => {
  await fails(
    1,
    ['patch', 'the dog sees', 'der Hund sieht', '--model', gpt2],
    /clean text has \d+ tokens.*\d+/,
  )
  const texts = ['patch', 'the dog is', 'der dog is', '--model', gpt2]
  const svg = folder.path('sweep.svg')
  const doc = (await document(...texts, '--svg', svg, '--json')) as {
    clean: { tokens: { text: string }[] }
    activations: string[]
    values: number[][]
  }
  const T = doc.clean.tokens.length
  expect(doc.activations).toEqual(['layers.0.output', 'layers.1.output'])
  expect(doc.values.map((row) => row.length)).toEqual([T, T])
  const last = doc.values[1].map((x) => Number(x.toFixed(6)))
  expect(last).toEqual(Array.from({ length: T }, (_, t) => Number(t === T - 1)))
  expect(await readFile(svg, 'utf8')).toMatch(/^<svg [^]*restored[^]*<\/svg>\n$/)
  const shown = await ok([...texts, '--over', 'heads', '--answer', ' ', '--wrong', 'e'])
  expect(shown).toMatch(/^Head \d of layers\.\d\.heads restores the most: /)
  expect(shown).toMatch(/logit of “·” less “e” after token/)
  expect(shown).toMatch(/heads of +0 +1\n/)
})

it('see --matters: beside each strong link what forbidding it does', async () => {
  const args = ['see', text, '--beam', '1', '--matters']
  expect(await ok(args)).toMatch(
    /Strongest links, and what forbidding each does\n +weight +here +in all +the output becomes\n {2}\S+ → \S+ +[01.]/,
  )
  const doc = await document(...args, '--json', '--site', 'encoder.2.self', '--head', '3')
  const [first, ...rest] = doc.matters as Record<string, unknown>[]
  expect(rest.length).toBeGreaterThan(2)
  expect(Object.keys(first)).toEqual([
    'site',
    'heads',
    'queries',
    'keys',
    'query',
    'key',
    'weight',
    'logProb',
    'here',
    'output',
    'cosine',
  ])
  expect(first).toMatchObject({ site: 'encoder.2.self', heads: [3], here: null, cosine: null })
  const causal = await ok(['see', 'the dog', '--model', gpt2, '--matters'])
  expect(causal).toMatch(/weight +here +in all +next token/)
})

it('--with changes see, generate and embed', async () => {
  const see = async (...more: string[]) => {
    const doc = await document(
      'see',
      text,
      '--model',
      translator,
      '--site',
      'encoder.*.self',
      '--json',
      ...more,
    )
    return doc.maps as { site: string; weights: number[][] }[]
  }
  const [plain] = await see()
  const changed = await see('--with', 'uniform:encoder.1.self:0', '--with', 'forbid:encoder.0.self:1:2>0,2>1')
  expect(changed[0]).toEqual(plain)
  expect(changed[1].weights[2].slice(0, 2)).toEqual([0, 0])
  expect(changed[1].weights[2].reduce((a, b) => a + b)).toBeCloseTo(1, 6)
  for (const w of changed[2].weights.flat()) expect(w).toBeCloseTo(1 / plain.weights.length, 6)

  const changes = ['--with', 'scale:*:3', '--with', 'zero:*.0.self', '--with', 'softmax:layers.1.self:1:relu']
  for (const args of [
    ['generate', 'the dog', '--model', gpt2, '--max-tokens', '6', '--json'],
    ['embed', 'the dog', '--model', gpt2],
  ])
    expect(await ok([...args, ...changes])).not.toBe(await ok(args))
})

it('says what is wrong in one line', async () => {
  const see = (...more: string[]) => ['see', 'the dog', '--model', gpt2, ...more]
  await fails(2, see('--with', 'scale:layers.0.self:warm'), /"warm" is no number; write scale:SITE/)
  await fails(1, see('--with', 'zero:encoder.0.self'), /no site 'encoder.0.self'.*layers.0.self/)
  await fails(1, see('--with', 'forbid:layers.0.self:99>0'), /no token 99 at layers.0.self; there are 0 to/)
  await fails(1, ['ablate', 'x', '--model', gpt2, '--head', '1'], /name the --site/)
  await fails(1, ['ablate', 'x', '--model', gpt2, '--site', 'layers.0.self', '--head', '9'], /no head 9/)
  await fails(1, ['patch', 'the dog', 'the dog', '--model', gpt2], /nothing to restore/)
  await fails(2, ['patch', 'a', 'b', '--model', gpt2, '--over', 'layers'], /positions, heads/)
})
