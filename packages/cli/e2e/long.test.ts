import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCapture } from 'heed/lens'
import { afterAll, expect, it } from 'vitest'
import { fails, heed, ok } from './heed.js'

const folder = await mkdtemp(join(tmpdir(), 'heed-long-'))
afterAll(() => rm(folder, { recursive: true }))

const sentence = 'Vixo runs over the lazy elephant. '
const story = join(folder, 'story.txt')
await writeFile(story, sentence.repeat(40))
const copy = ['--model', 'heed-copy', '--site', 'layers.1.self', '--head', '0']

it('shows a long text as an overview, in the terminal and as a picture', async () => {
  const svg = join(folder, 'story.svg')
  const shown = await ok(['see', '--file', story, ...copy, '--svg', svg])
  expect(shown).toContain('Layer 1 reads itself · head 0')
  expect(shown).toContain('1,361 × 1,361 weights, each cell the largest of its part; numbers count tokens')
  expect(shown.split('\n').length).toBeLessThan(60)
  // In copies of one sentence the byte after the same byte before is one sentence back, less one.
  const links = [...shown.matchAll(/ at ([\d,]+) → .* at ([\d,]+) 0\.9\d$/gm)].map(([, query, key]) =>
    [query, key].map((n) => Number(n.replace(',', ''))),
  )
  expect(links.length).toBeGreaterThan(3)
  expect(links.filter(([query, key]) => (query - key + 1) % sentence.length === 0).length).toBeGreaterThan(
    links.length / 2,
  )
  expect(await readdir(folder)).toContain('story.svg')
})

it('refuses whole maps that would not fit, naming what works', async () => {
  const long = join(folder, 'long.txt')
  await writeFile(long, sentence.repeat(200))
  const { code, stdout, stderr } = await heed(['see', '--file', long, '--model', 'heed-copy', '--json'])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^heed: 8 whole maps have \d+ million weights together.*overview\(\)/)
})

it('draws a map over words and over sentences', async () => {
  const words = await ok(['see', 'I gave her the book.', '--over', 'words'])
  expect(words).toContain('rows are the words being predicted')
  expect(words).toMatch(/^ *Buch\. /m)
  expect(words).toContain('book.')
  const sentences = await ok(['see', '--file', story, ...copy, '--over', 'sentences'])
  expect(sentences).toContain('over sentences')
  await fails(1, ['see', 'I see.', '--over', 'words', '--json'], /--over/)
  await fails(1, ['see', 'I see.', '--over', 'words', '--npy', join(folder, 'map.npy')], /--over.*--npy/)
})

it('keeps a capture that opens again', async () => {
  const saved = join(folder, 'saved')
  await ok(['see', 'I see a dog.', '--save', saved])
  using seen = await openCapture(saved)
  expect(seen.of?.text).toBe('I see a dog.')
  expect(seen.sites).toHaveLength(9)
  expect((await seen.map('encoder.2.self', 3).row(1)).reduce((a, b) => a + b)).toBeCloseTo(1, 6)
  // A pattern is of attentions alone: no activation is kept.
  await ok(['see', 'I see a dog.', '--site', 'encoder.*', '--save', saved])
  using some = await openCapture(saved)
  expect(some.sites).toEqual(['encoder.0.self', 'encoder.1.self', 'encoder.2.self'])
  expect([...some.activations.keys()]).toEqual([])
})

it('shows a long map over words as an overview, and what links matter below one', async () => {
  const over = await ok(['see', '--file', story, ...copy, '--over', 'words'])
  expect(over).toContain('241 × 241 weights, each cell the largest of its part')
  expect(over.split('\n').length).toBeLessThan(60)
  const short = join(folder, 'short.txt')
  await writeFile(short, sentence.repeat(5))
  const matters = await ok(['see', '--file', short, ...copy, '--matters'])
  expect(matters).toContain('171 × 171 weights')
  expect(matters).toContain('Strongest links, and what forbidding each does')
})

it('takes a text or a file, not both and not neither', async () => {
  await fails(1, ['see', 'I see.', '--file', story], /both given/)
  await fails(2, ['see'], /missing a text/)
  await fails(1, ['see', '--file', join(folder, 'none.txt')], /none\.txt/)
  await fails(1, ['see', 'I see.', '--save', story], /story\.txt/)
})
