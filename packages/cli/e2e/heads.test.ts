import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { fails, heed, makeGpt2, makeModel, ok, temporaryFolder } from './heed.js'

const folder = await temporaryFolder()
afterAll(() => folder[Symbol.asyncDispose]())
const [model, gpt2, file] = [folder.path('model'), folder.path('gpt2'), folder.path('texts.txt')]
await makeModel(model)
await makeGpt2(gpt2)
await writeFile(file, 'the dog sees the cat\nthe elephant is very large, the elephant\r\nder Hund\n')

const names = [
  'entropy',
  'effective',
  'distance',
  'offset',
  'first',
  'diagonal',
  'previous',
  'separators',
  'max',
  'duplicate',
  'induction',
]
interface Head {
  site: string
  head: number
  queries: number
  measures: Record<string, number | null>
  texts: { line: number; text: string; value: number; link: { weight: number } | null }[]
}
interface Document {
  model: string
  texts: number
  sort: string
  heads: Head[]
}
const heads = (...args: string[]) => ['heads', ...args, '--model', gpt2]
const json = async (...args: string[]) => JSON.parse(await ok([...heads(...args), '--json'])) as Document

it('has help that says every measure with its formula, and fits 80 columns', async () => {
  const help = await ok(['heads', '--help'])
  expect(help).toMatch(/^Usage: heed heads /)
  for (const name of names) expect(help).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'))
  expect(Math.max(...help.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(80)
  expect(await ok(['--help'])).toContain('heads')
})

describe('one text', () => {
  it('as JSON: every head with every measure, sorted', async () => {
    const doc = await json('the dog sees the dog', '--sort', 'duplicate', '--top', '1')
    expect(Object.keys(doc)).toEqual(['model', 'texts', 'sort', 'heads'])
    expect(doc).toMatchObject({ model: gpt2, texts: 1, sort: 'duplicate' })
    expect(doc.heads).toHaveLength(4)
    for (const { measures, queries } of doc.heads) {
      expect(Object.keys(measures)).toEqual(names)
      expect(queries).toBe(doc.heads[0].queries)
      const { entropy, effective, max, distance, offset } = measures as Record<string, number>
      expect(entropy).toBeGreaterThan(0)
      expect(effective).toBeGreaterThan(1)
      expect(max).toBeLessThanOrEqual(1)
      // A causal model looks back.
      expect(offset).toBeCloseTo(-distance, 6)
    }
    const order = doc.heads.map(({ measures }) => measures.duplicate!)
    expect(order).toEqual(order.toSorted((a, b) => b - a))
  })

  it('says of a cross-attention what needs no places, and null else', async () => {
    const args = ['heads', 'the dog', '--model', model, '--site', 'decoder.1.cross', '--head', '1', '--json']
    const doc = JSON.parse(await ok(args)) as Document
    expect(doc.heads.map(({ site, head }) => `${site} ${head}`)).toEqual(['decoder.1.cross 1'])
    const { measures } = doc.heads[0]
    expect(names.filter((name) => measures[name] === null)).toEqual([
      'distance',
      'offset',
      'diagonal',
      'previous',
      'duplicate',
      'induction',
    ])
  })

  it('in the terminal: the table fits, says what it leaves out, and has colour only where it is wanted', async () => {
    const args = heads('the dog sees the dog', '--sort', 'induction', '--top', '3')
    const wide = await ok(args, { env: { COLUMNS: '130' } })
    expect(wide).toMatch(
      /^layers\.\d\.self head \d has the highest induction, (\d\.\d\d|<\.01)\n3 of 4 heads/,
    )
    for (const name of names) expect(wide).toContain(name)
    expect(wide).not.toContain('no room')
    expect(wide.match(/^layers\.\d\.self +\d /gm)).toHaveLength(3)
    for (const columns of [80, 30]) {
      const shown = await ok(args, { env: { COLUMNS: String(columns) } })
      for (const line of shown.split('\n')) expect([...line].length).toBeLessThanOrEqual(columns)
      expect(shown).toMatch(/^site +head +induction/m)
      expect(shown.replace(/\s+/g, ' ')).toContain('no room for ')
    }
    expect(await ok(args, { env: { FORCE_COLOR: '3' } })).toContain('\x1b[48;2;')
  })

  it('lowest first', async () => {
    const doc = await json('the dog', '--sort', 'entropy', '--ascending')
    const order = doc.heads.map(({ measures }) => measures.entropy!)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(await ok(heads('the dog', '--sort', 'entropy', '--ascending'))).toContain('has the lowest entropy')
  })
})

describe('--file', () => {
  it('has means over all texts and the top texts of each head', async () => {
    const doc = await json('--file', file, '--sort', 'max', '--texts', '2')
    expect(doc.texts).toBe(3)
    for (const head of doc.heads) {
      expect(head.texts).toHaveLength(2)
      expect(head.texts[0].value).toBeGreaterThanOrEqual(head.texts[1].value)
    }
    const [{ line, text, value }] = doc.heads[0].texts
    const alone = await json(text)
    const same = alone.heads.find(
      ({ site, head }) => site === doc.heads[0].site && head === doc.heads[0].head,
    )!
    expect(same.measures.max).toBeCloseTo(value, 6)
    const shown = await ok(heads('--file', file))
    expect(shown).toContain('of 3 texts')
    expect(shown).toContain(`line ${line}  ${text}`)
  })

  it('reads JSONL, and cuts what is too long with a warning', async () => {
    const lines = folder.path('texts.jsonl')
    await writeFile(lines, `{"text": "the dog"}\n${JSON.stringify({ text: 'the cat '.repeat(60) })}\n`)
    const ran = await heed([...heads('--file', lines), '--json'])
    expect(ran.code).toBe(0)
    expect(ran.stderr).toMatch(/^heed: text 2 has \d+ tokens, the model takes 64; it is cut\n$/)
    expect((JSON.parse(ran.stdout) as Document).texts).toBe(2)
  })

  it('stops at Ctrl-C', async () => {
    const many = folder.path('many.txt')
    await writeFile(many, `${'the cat '.repeat(80)}\n`.repeat(4000))
    const ran = await heed(heads('--file', many), { interruptAt: /text 1 has/ })
    expect(ran).toMatchObject({ code: 1, stdout: '' })
    expect(ran.stderr).toContain('heed: stopped; no result was written')
  })
})

describe('--csv', () => {
  it('writes a file beside what is shown, or prints it alone', async () => {
    const out = folder.path('heads.csv')
    const ran = await heed(heads('--file', file, '--csv', out))
    expect(ran).toMatchObject({ code: 0, stderr: `wrote ${out}\n` })
    const csv = await readFile(out, 'utf8')
    const [header, ...lines] = csv.trimEnd().split('\n')
    expect(header).toBe(['site', 'head', 'queries', ...names, 'top_line', 'top_value'].join(','))
    expect(lines).toHaveLength(4)
    const doc = await json('--file', file)
    lines.forEach((line, n) => {
      const { site, head, queries, measures, texts } = doc.heads[n]
      const numbers = names.map((name) => measures[name])
      expect(line).toBe([site, head, queries, ...numbers, texts[0].line, texts[0].value].join(','))
    })
    expect(await ok(heads('--file', file, '--csv', '-'))).toBe(csv)
  })
})

describe('what is refused', () => {
  it('with 2 when the arguments cannot be parsed', async () => {
    await fails(2, heads(), /missing a text; give one, or --file/)
    await fails(2, heads('the', '--sort', 'beauty'), /Allowed choices are entropy, effective/)
    await fails(2, heads('the', '--top', '0'), /--top.*from 1 up/)
  })

  it('with 1 otherwise, in one line', async () => {
    await fails(1, heads('the', '--file', file), /a text and --file were both given/)
    await fails(1, heads(' '), /text 1 is empty/)
    await fails(1, heads('the', '--json', '--csv', '-'), /both print to standard output/)
    await fails(1, heads('the', '--site', 'x'), /no site 'x'/)
    await fails(1, heads('the', '--head', '9'), /no head 9; heads are 0 to 1/)
    await fails(1, heads('--file', folder.path('none.txt')), /does not exist/)
    const empty = folder.path('empty.txt')
    await writeFile(empty, '')
    await fails(1, heads('--file', empty), /holds no texts/)
    await fails(1, heads('the', '--csv', folder.path('none/x.csv')), /its folder does not exist/)
  })
})
