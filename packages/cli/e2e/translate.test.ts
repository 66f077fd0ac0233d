import { readdir, readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { fails, heed, modelForTests, ok } from './heed.js'

const { folder, model } = await modelForTests()

const run = (args: string[], input?: string | Uint8Array) =>
  heed(['translate', '--model', model, ...args], { input })
const translated = (args: string[], input?: string) => ok(['translate', '--model', model, ...args], { input })

const lines = ['the dog', '', 'the cat sees the dog', ' \t ', 'a']

it('gives the same from an argument, a file and standard input, to a file and to standard output', async () => {
  const [input, output] = [folder.path('in.txt'), folder.path('out.txt')]
  await writeFile(input, lines.map((line) => `${line}\n`).join(''))
  const expected = await translated(['--file', input])
  expect(expected.split('\n').map((line) => line === '')).toEqual([false, true, false, true, false, true])
  expect(await translated([], await readFile(input, 'utf8'))).toBe(expected)
  expect(await translated(['--file', input, '--out', output])).toBe('')
  expect(await readFile(output, 'utf8')).toBe(expected)
  expect(await translated(['the dog'])).toBe(`${expected.split('\n')[0]}\n`)
  expect(await translated([lines.join('\n')])).toBe(expected)
})

it('refuses to replace what it reads', async () => {
  const file = folder.path('own.txt')
  await writeFile(file, 'the dog\n')
  await fails(1, ['translate', '--model', model, '--file', file, '--out', file], /the file that is read/)
  await fails(1, ['embed', '--model', model, '--file', file, '--out', file], /the file that is read/)
  await fails(1, ['heads', '--model', model, '--file', file, '--csv', file], /the file that is read/)
  expect(await readFile(file, 'utf8')).toBe('the dog\n')
})

it('keeps lines apart whatever ends them', async () => {
  const expected = await translated([], lines.map((line) => `${line}\n`).join(''))
  expect(await translated([], lines.map((line) => `${line}\r\n`).join(''))).toBe(expected)
  expect(await translated([], lines.join('\n'))).toBe(expected)
  expect(await translated([], `\ufeff${lines.join('\n')}`)).toBe(expected)
})

it('gives nothing for nothing, and blank lines for blank lines', async () => {
  expect(await translated([], '')).toBe('')
  expect(await translated([], '\n')).toBe('\n')
  expect(await translated([], '\n \r\n\t\n\n')).toBe('\n\n\n\n')
  await fails(1, ['translate', ' ', '--model', model], /the text is empty/)
})

it('translates a line that is too long as far as positions go, says so, and keeps the count', async () => {
  const input = ['the dog', 'x'.repeat(100), 'the dog', ''].join('\n')
  const ran = await run([], input)
  expect(ran).toMatchObject({ code: 0 })
  expect(ran.stderr).toMatch(/^heed: line 2 has 101 tokens, the model takes 64; .+\n$/)
  const [first, long, third, ...rest] = ran.stdout.split('\n')
  expect(rest).toEqual([''])
  expect(third).toBe(first)
  expect(`${long}\n`).toBe(await translated(['x'.repeat(63)]))
})

it('is greedy with --beam 1, and beams as the model says without', async () => {
  const text = 'the elephant is very large'
  const greedy = await translated([text, '--beam', '1'])
  expect(await translated([text])).toBe(await translated([text, '--beam', '4']))
  expect(greedy).not.toBe('')
  await writeFile(`${model}/generation_config.json`, '{"num_beams": 1}')
  expect(await translated([text])).toBe(greedy)
  await writeFile(`${model}/generation_config.json`, '{}')
})

it('refuses what it cannot read or write before it works', async () => {
  const args = ['translate', '--model', model]
  const latin = folder.path('latin.txt')
  await writeFile(latin, Uint8Array.of(0x67, 0x72, 0x6f, 0xdf, 0x0a))
  await fails(1, [...args, '--file', latin], /latin\.txt: not UTF-8 at byte 3 \(0xdf\)/)
  await fails(1, args, /standard input: not UTF-8 at byte 0/, { input: Uint8Array.of(0xff) })
  await fails(1, [...args, '--file', folder.path('none.txt')], /none\.txt: does not exist/)
  await fails(1, [...args, 'x', '--file', latin], /a text and --file were both given/)
  await fails(1, [...args, 'x', '--out', folder.path('none/out.txt')], /its folder does not exist/)
  await fails(1, [...args, 'x', '--out', model], /is a folder; name a file/)
  await fails(1, [...args, 'x', '--out', '/dev/null'], /is a device; name a file/)
})

it('writes nothing when it is interrupted', async () => {
  const [input, output] = [folder.path('many.txt'), folder.path('kept.txt')]
  await writeFile(output, 'kept')
  // The warning of the first line says that the work has begun.
  const many = Array.from({ length: 4000 }, (_, i) => `the elephant ${i} sees the very large dog`)
  await writeFile(input, ['x'.repeat(100), ...many].join('\n'))
  const before = await readdir(folder.path('.'))
  const ran = await heed(['translate', '--model', model, '--file', input, '--out', output], {
    interruptAt: /line 1 has/,
  })
  expect(ran).toMatchObject({ code: 1, stdout: '' })
  expect(ran.stderr.split('\n').slice(1)).toEqual(['heed: stopped; no result was written', ''])
  expect(await readFile(output, 'utf8')).toBe('kept')
  expect(await readdir(folder.path('.'))).toEqual(before)
})
