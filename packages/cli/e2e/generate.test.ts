import { expect, it } from 'vitest'
import { fails, heed, makeGpt2, modelForTests, ok } from './heed.js'

const { folder, model: translator } = await modelForTests()
const model = folder.path('gpt2')
await makeGpt2(model, {}, '{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}')

interface Document {
  model: string
  prompt: string
  output: string
  reason: string
  tokens: { id: number; text: string; logProb: number }[]
}

const run = (...args: string[]) => ok(['generate', '--model', model, ...args])
const json = async (...args: string[]) => JSON.parse(await run('--json', ...args)) as Document

it('prints what comes after the prompt, the same from an argument and standard input', async () => {
  const text = await run('the dog', '--max-tokens', '20')
  expect(text.endsWith('\n')).toBe(true)
  expect(await ok(['generate', '--model', model, '--max-tokens', '20'], { input: 'the dog\n' })).toBe(text)
  expect(await ok(['generate', '-', '--model', model, '--max-tokens', '20'], { input: 'the dog' })).toBe(text)
  const { output } = await json('the dog', '--max-tokens', '20')
  expect(`${output}\n`).toBe(text)
})

it('prints the document of --json, its keys in order', async () => {
  const doc = await json('the dog', '--max-tokens', '5', '--temperature', '1', '--seed', '3')
  expect(Object.keys(doc)).toEqual(['model', 'prompt', 'output', 'reason', 'tokens'])
  expect(doc).toMatchObject({ model, prompt: 'the dog', reason: 'maxTokens' })
  expect(doc.tokens).toHaveLength(5)
  for (const token of doc.tokens) {
    expect(Object.keys(token)).toEqual(['id', 'text', 'logProb'])
    expect(token.logProb).toBeLessThan(0)
  }
  expect(doc.tokens.map(({ text }) => text).join('')).toBe(doc.output)
  expect((await json('the dog', '--max-tokens', '999')).reason).toBe('length')
})

it('draws as it is told, and the same again with the same seed', async () => {
  const ids = async (...args: string[]) =>
    (await json('the dog', '--max-tokens', '12', ...args)).tokens.map(({ id }) => id)
  const drawn = ['--temperature', '2', '--top-k', '50', '--top-p', '0.95', '--repetition-penalty', '1.1']
  const first = await ids(...drawn, '--seed', '1')
  expect(await ids(...drawn, '--seed', '1')).toEqual(first)
  expect(await ids(...drawn, '--seed', '2')).not.toEqual(first)
  expect(await ids('--temperature', '2', '--top-k', '1')).toEqual(await ids())
})

it('ends before a stop, and takes several', async () => {
  const { output } = await json('the dog', '--max-tokens', '30', '--temperature', '1')
  const stop = [...output].slice(4, 6).join('')
  const args = [
    'the dog',
    '--max-tokens',
    '30',
    '--temperature',
    '1',
    '--stop',
    'never there',
    '--stop',
    stop,
  ]
  const stopped = await json(...args)
  expect(stopped.reason).toBe('stop')
  expect(stopped.output).toBe(output.slice(0, output.indexOf(stop)))
})

it('puts what a user says into the chat template', async () => {
  const chat = await json('the dog', '--chat', '--max-tokens', '6')
  const same = await json('<user>the dog', '--max-tokens', '6')
  expect(chat.prompt).toBe('the dog')
  expect(chat.tokens).toEqual(same.tokens)
  const plain = folder.path('plain')
  await makeGpt2(plain)
  await fails(1, ['generate', 'x', '--chat', '--model', plain], /no chat template/)
})

it('ends at Ctrl-C with what is there', async () => {
  const long = folder.path('long')
  await makeGpt2(long, { n_positions: 100_000 })
  const args = ['generate', 'the dog', '--model', long, '--max-tokens', '99000', '--temperature', '5']
  const ran = await heed(args, { interruptAt: /[^]{20}/ })
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  expect(ran.stdout.length).toBeGreaterThan(20)
  expect(ran.stdout.endsWith('\n')).toBe(true)
})

it('says what is wrong in one line', async () => {
  await fails(
    1,
    ['generate', 'the dog', '--model', translator],
    /heed-transformer model.*causal language model/,
  )
  await fails(1, ['generate', '', '--model', model], /prompt is empty/)
  await fails(1, ['generate', '--model', model], /prompt is empty/)
  // The tokenizer of heed-en puts a token in front of any text.
  await fails(1, ['generate', ''], /prompt is empty/)
  await fails(1, ['generate'], /prompt is empty/)
  await fails(1, ['generate', '', '--chat', '--model', model], /prompt is empty/)
  await fails(1, ['generate', 'x'.repeat(64), '--model', model], /64 tokens.*at most 64/)
  await fails(1, ['generate', 'x', '--model', model, '--stop', ''], /stop/)
  await fails(2, ['generate', 'x', '--model', model, '--top-p', '0'], /--top-p.*above 0 to 1/)
  await fails(1, ['generate', 'x', '--model', folder.path('none')], /there is no model/)
  await fails(2, ['generate', 'x', '--model', model, '--max-tokens', '0'], /--max-tokens.*from 1 up/)
  await fails(2, ['generate', 'x', '--model', model, '--temperature', 'hot'], /--temperature/)
  await fails(2, ['generate', 'x', '--model', model, '--top-p', '1.5'], /--top-p.*above 0 to 1/)
})

it('goes on with heed-en where no model is named', async () => {
  expect(await ok(['models'])).toMatch(/^heed-en +llama +\d\.\d MB/m)
  const shipped = JSON.parse(await ok(['generate', 'Tom', '--json'])) as Document
  expect(shipped).toMatchObject({ model: 'heed-en', prompt: 'Tom', reason: 'end' })
  expect(shipped.output).toMatch(/^ [a-z' ]+[.?!]$/i) // a sentence to its end
})
