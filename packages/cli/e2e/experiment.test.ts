import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import type { SoftmaxReport } from 'heed/experiments'
import { afterAll, expect, it } from 'vitest'
import { fails, heed, ok, temporaryFolder } from './heed.js'

const folder = await temporaryFolder()
afterAll(() => folder[Symbol.asyncDispose]())

const tiny = ['--steps', '2', '--seeds', '2', '--threads', '1']

it('scaling: findings, tables and pictures', async () => {
  const pictures = folder.path('pictures')
  const ran = await heed(['experiment', 'scaling', ...tiny, '--svg', pictures])
  expect(ran.code).toBe(0)
  expect(ran.stdout).toMatch(
    /^At d_k = 1,024 the largest weight is 0\.\d\d with 1\/√d_k and 0\.9\d without\n/,
  )
  expect(ran.stdout.match(/^ *[\d,]+( +\S+){8}$/gm)).toHaveLength(11)
  expect(ran.stdout.match(/^d_k (8|256), scale \S+.* +never +0\.\d\d.* [▁▂▃▄▅▆▇█]{3}$/gm)).toHaveLength(8)
  expect(Math.max(...ran.stdout.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(80)
  const names = ['scaling-gradients.svg', 'scaling-scores.svg', 'scaling-training.svg']
  expect((await readdir(pictures)).sort()).toEqual(names)
  for (const name of names) {
    expect(await readFile(`${pictures}/${name}`, 'utf8')).toMatch(/^<svg [^]+<\/svg>\n$/)
    expect(ran.stderr).toContain(`wrote ${pictures}/${name}\n`)
  }
})

it('softmax: one JSON document, the same again, and one picture of all panels', async () => {
  const [args, file] = [['experiment', 'softmax', ...tiny, '--json'], folder.path('all.svg')]
  const json = await ok([...args, '--svg', file])
  const report = JSON.parse(json) as SoftmaxReport
  expect(report).toMatchObject({ experiment: 'softmax', settings: { steps: 2, seeds: 2, rate: 0.003 } })
  expect(report.training.map(({ setting }) => setting.name)).toEqual([
    'softmax',
    'sparsemax',
    'relu',
    'sigmoid',
    'linear',
    'hardmax',
  ])
  for (const { runs } of report.training)
    for (const { points, longer } of runs) {
      expect(points.map(({ step }) => step)).toEqual([0, 1, 2])
      expect(longer.map(({ entries }) => entries)).toEqual([16, 32, 64])
    }
  expect((await readFile(file, 'utf8')).match(/>Right answers</g)).toHaveLength(2)
  expect(await ok(args)).toBe(json)
})

it('docs/experiments.md shows every picture', async () => {
  const docs = new URL('../../../docs/', import.meta.url)
  const page = await readFile(new URL('experiments.md', docs), 'utf8')
  const pictures = (await readdir(new URL('experiments', docs))).sort()
  expect(Array.from(page.matchAll(/\]\(experiments\/(\S+)\)/g), (match) => match[1]).sort()).toEqual(pictures)
  expect(pictures).toEqual([
    'scaling-gradients.svg',
    'scaling-scores.svg',
    'scaling-training.svg',
    'softmax-lengths.svg',
    'softmax-training.svg',
  ])
})

it('has help with examples, and says what cannot be', async () => {
  const help = await ok(['experiment', 'scaling', '--help'])
  expect(help).toMatch(/^Usage: heed experiment scaling /)
  expect(help).toMatch(/\nExamples:\n {2}heed experiment scaling\n/)
  expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(await ok(['experiment', '--help'])).toMatch(/scaling[^]+softmax/)
  await fails(2, ['experiment', 'scaling', '--steps', '0'], /--steps.*from 1 up/)
  await fails(2, ['experiment', 'softmax', '--rate', '0'], /--rate.*above 0/)
  await fails(2, ['experiment', 'scalin'], /unknown command 'scalin'/)
  await fails(1, ['experiment', 'softmax', '--svg', folder.path('no/such/x.svg')], /x\.svg/)
})

it('stops when it is interrupted', async () => {
  // Minutes of work: it is interrupted as soon as it has begun.
  const pictures = folder.path('stopped')
  const ran = await heed(['experiment', 'softmax', '--steps', '9000', '--svg', pictures], {
    endWhen: { signal: 'SIGINT', test: () => existsSync(pictures) },
  })
  expect(ran).toMatchObject({ code: 1, stdout: '' })
  expect(ran.stderr).toMatch(/heed: stopped; no result was written\n$/)
  expect(await readdir(pictures)).toEqual([])
})
