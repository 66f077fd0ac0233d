import { readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { fails, heed, modelForTests, ok } from './heed.js'

const { folder, model } = await modelForTests()

const embed = (args: string[], input?: string) => ok(['embed', '--model', model, ...args], { input })
const rowsOf = (jsonl: string) =>
  jsonl
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { text: string; vector: number[] })

const texts = ['the dog', 'the cat sees the dog', 'der Elefant 🐘']
const lines = texts.map((text) => `${text}\n`).join('')

it('gives a vector for each text, from an argument, a file, JSONL and standard input', async () => {
  const [plain, jsonl, out] = [folder.path('in.txt'), folder.path('in.jsonl'), folder.path('out.jsonl')]
  await writeFile(plain, lines)
  await writeFile(jsonl, texts.map((text) => `${JSON.stringify({ text, other: 1 })}\n`).join(''))
  const expected = await embed(['--file', plain])
  const rows = rowsOf(expected)
  expect(rows.map(({ text }) => text)).toEqual(texts)
  expect(rows.map(({ vector }) => vector.length)).toEqual([16, 16, 16])
  expect(await embed([], lines)).toBe(expected)
  expect(await embed(['--file', jsonl])).toBe(expected)
  expect(await embed(['--file', plain, '--out', out])).toBe('')
  expect(await readFile(out, 'utf8')).toBe(expected)
  const [alone] = rowsOf(await embed(['the dog']))
  alone.vector.forEach((x, d) => expect(x).toBeCloseTo(rows[0].vector[d], 5))
})

it('pools and scales as asked', async () => {
  const [mean, first, unit] = await Promise.all(
    [[], ['--pooling', 'cls'], ['--normalize']].map(
      async (flags) => rowsOf(await embed(['the dog', ...flags]))[0],
    ),
  )
  expect(first.vector).not.toEqual(mean.vector)
  expect(Math.hypot(...unit.vector)).toBeCloseTo(1, 6)
  const length = Math.hypot(...mean.vector)
  mean.vector.forEach((x, d) => expect(x / length).toBeCloseTo(unit.vector[d], 6))
  await fails(
    2,
    ['embed', 'the dog', '--model', model, '--pooling', 'sum'],
    /choices are mean, cls, max, last/,
  )
})

it('goes on with a file that was stopped, its last line cut off, and refuses one of other texts', async () => {
  const [input, out] = [folder.path('in.txt'), folder.path('part.jsonl')]
  await writeFile(input, lines)
  const whole = await embed(['--file', input])
  const first = whole.slice(0, whole.indexOf('\n') + 1)
  await writeFile(out, whole.slice(0, first.length + 20))
  await embed(['--file', input, '--out', out, '--resume'])
  expect(rowsOf(await readFile(out, 'utf8')).map(({ text }) => text)).toEqual(texts)
  expect((await readFile(out, 'utf8')).startsWith(first)).toBe(true)
  await embed(['--file', input, '--out', out, '--resume'])
  expect(rowsOf(await readFile(out, 'utf8'))).toHaveLength(3)
  // Cut inside a character.
  const bytes = Buffer.from(whole)
  await writeFile(out, bytes.subarray(0, bytes.indexOf('🐘') + 2))
  await embed(['--file', input, '--out', out, '--resume'])
  expect(rowsOf(await readFile(out, 'utf8')).map(({ text }) => text)).toEqual(texts)
  // Begun with other settings, or by another model: vectors that do not belong together.
  const other = ['--file', input, '--out', out, '--resume', '--pooling', 'max']
  await fails(1, ['embed', '--model', model, ...other], /is not what this model and these options give/)
  await writeFile(input, 'another text\n')
  await fails(
    1,
    ['embed', '--model', model, '--file', input, '--out', out, '--resume'],
    /line 1: is not of this input/,
  )
})

it('writes one matrix for NumPy', async () => {
  const out = folder.path('vectors.npy')
  await embed(['--out', out], lines)
  const bytes = await readFile(out)
  expect(bytes.subarray(0, 128).toString('latin1')).toContain("'shape': (3, 16,)")
  const rows = rowsOf(await embed([], lines))
  const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 128, bytes.byteOffset + bytes.length))
  expect([...data].map((x) => Number(x.toPrecision(9)))).toEqual(rows.flatMap(({ vector }) => vector))
})

it('says what cannot be embedded', async () => {
  await fails(1, ['embed', ' ', '--model', model], /text 1 is empty/)
  await fails(1, ['embed', '--model', model], /text 2 is empty/, { input: 'a\n\nb\n' })
  await fails(1, ['embed', 'a', '--resume', '--model', model], /--resume goes on with a JSONL file/)
  await fails(1, ['embed', '--model', model, '--file', folder.path('none.txt')], /none.txt: does not exist/)
  const bad = folder.path('bad.jsonl')
  await writeFile(bad, '{"text": "a"}\n{"body": "b"}\n')
  await fails(1, ['embed', '--model', model, '--file', bad], /bad.jsonl, line 2: has no "text"/)
  await fails(2, ['embed', 'a', '--pool', 'mean'], /unknown option/)
  await fails(1, ['fill', 'the [MASK]', '--model', model], /needs a masked language model/)
})

it('cuts a text that is too long, and says so; nothing gives nothing', async () => {
  const ran = await heed(['embed', 'x'.repeat(100), '--model', model])
  expect(ran).toMatchObject({
    code: 0,
    stderr: 'heed: text 1 has 101 tokens, the model takes 64; it is cut\n',
  })
  expect(rowsOf(ran.stdout)[0].vector).toEqual(rowsOf(await embed(['x'.repeat(63)]))[0].vector)
  expect(await embed([], '')).toBe('')
})
