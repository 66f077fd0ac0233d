import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { coded } from '../testing/index.js'
import {
  type EncodedPair,
  epochBatches,
  fingerprint,
  paddingShare,
  pairLength,
  parsePairs,
  readPairs,
} from './data.js'
import { leftOutWords } from './left-out.js'

test('lines are pairs, further columns references; what is left out is counted, with the first line', () => {
  const { pairs, lines, leftOut } = parsePairs(
    'Hi.\tHallo!\tGrüß Gott!\r\n\tnichts\nnothing\t\n\nno tab\nRun!\tLauf!\na\0\tb\nlong, long\tlang\n',
    { maxCharacters: 6 },
  )
  expect(pairs).toEqual([
    { source: 'Hi.', targets: ['Hallo!', 'Grüß Gott!'] },
    { source: 'Run!', targets: ['Lauf!'] },
  ])
  expect(lines).toEqual([1, 6])
  expect(leftOut).toEqual([
    { flaw: 'empty', count: 3, first: 2 },
    { flaw: 'no-tab', count: 1, first: 5 },
    { flaw: 'nul', count: 1, first: 7 },
    { flaw: 'long', count: 1, first: 8 },
  ])
  expect(leftOutWords(leftOut.slice(0, 2))).toBe(
    '3 with an empty side (first: line 2), 1 without a TAB (first: line 5)',
  )
  expect(parsePairs('')).toEqual({ pairs: [], lines: [], leftOut: [] })
})

test('a file of mixed encodings loses the lines that are not UTF-8, and its byte order mark', async () => {
  const dir = await mkdtemp(`${tmpdir()}/heed-data-`)
  const path = `${dir}/x.tsv`
  const latin1 = Buffer.from('Tür\tdoor\n', 'latin1')
  try {
    await writeFile(
      path,
      Buffer.concat([Buffer.from('\ufeffa\tb\r\n'), latin1, Buffer.from('Tür\tdoor'), latin1]),
    )
    expect(await readPairs(path)).toEqual({
      pairs: [{ source: 'a', targets: ['b'] }],
      lines: [1],
      leftOut: [{ flaw: 'not-utf8', count: 2, first: 2 }],
    })
    await writeFile(path, Buffer.from('\ufeffa\tb\n', 'utf16le'))
    await expect(readPairs(path)).rejects.toThrow(coded('format', 'is UTF-16; save it as UTF-8'))
    await writeFile(path, '')
    expect(await readPairs(path)).toEqual({ pairs: [], lines: [], leftOut: [] })
    await expect(readPairs(`${dir}/none.tsv`)).rejects.toThrow(coded('not-found', 'none.tsv'))
  } finally {
    await rm(dir, { recursive: true })
  }
})

const ids = (n: number) => Int32Array.from({ length: n }, (_, i) => i)
const somePairs = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 })), { maxLength: 60 })
  .map((lengths): EncodedPair[] => lengths.map(([s, t]) => ({ source: ids(s), target: ids(t) })))

test('an epoch has every pair once, in batches that keep to their size', () => {
  fc.assert(
    fc.property(
      somePairs,
      fc.integer({ min: 1, max: 120 }),
      fc.nat(),
      fc.nat(50),
      (pairs, batchTokens, seed, epoch) => {
        const batches = epochBatches(pairs, { batchTokens, seed, epoch })
        expect(batches.flat().sort((a, b) => a - b)).toEqual([...pairs.keys()])
        for (const batch of batches) {
          const longest = Math.max(...batch.map((i) => pairLength(pairs[i])))
          expect(batch.length === 1 || batch.length * longest <= batchTokens).toBe(true)
        }
        expect(epochBatches(pairs, { batchTokens, seed, epoch })).toEqual(batches)
      },
    ),
  )
})

const groups = (batches: number[][]) => new Set(batches.map((b) => b.toSorted((p, q) => p - q).join()))

test('epochs and seeds differ, and padding is counted', () => {
  const pairs = Array.from({ length: 2000 }, (_, i) => ({
    source: ids(2 + ((i * 7) % 23)),
    target: ids(2 + ((i * 13) % 29)),
  }))
  const batches = (seed: number, epoch: number) => epochBatches(pairs, { batchTokens: 256, seed, epoch })
  expect(batches(1, 1)).not.toEqual(batches(1, 0))
  expect(batches(2, 0)).not.toEqual(batches(1, 0))
  // Not the same groups in another order either: partners change.
  const [a, b] = [groups(batches(1, 0)), groups(batches(1, 1))]
  expect([...a].filter((g) => b.has(g)).length).toBeLessThan(a.size / 4)
  expect(paddingShare(pairs, [[0], [1]])).toBe(0)
  expect(
    paddingShare(
      [
        { source: ids(1), target: ids(1) },
        { source: ids(1), target: ids(3) },
      ],
      [[0, 1]],
    ),
  ).toBeCloseTo(1 / 3)
})

test('batchTokens must be a count', () => {
  expect(() => epochBatches([], { batchTokens: 0.5, seed: 0, epoch: 0 })).toThrow('batchTokens must be')
})

test('a fingerprint tells data apart', () => {
  const a = { source: Int32Array.of(1, 2), target: Int32Array.of(3) }
  const b = { source: Int32Array.of(1), target: Int32Array.of(2, 3) }
  expect(fingerprint([a, b])).toBe(fingerprint([a, b]))
  expect(new Set([[a, b], [b, a], [a], []].map(fingerprint)).size).toBe(4)
})
