import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, it } from 'vitest'

/** What each part of the library may import besides itself and the free files. */
const below = ['tensor', 'backends']
const parts = [...below, 'ops', 'autograd', 'nn', 'io', 'text']
const arrows: Record<string, readonly string[]> = {
  errors: [],
  breathe: [],
  json: [],
  tensor: [],
  backends: ['tensor'],
  ops: below,
  autograd: [...below, 'ops'],
  nn: [...below, 'ops'],
  io: ['tensor'],
  text: ['tensor'],
  vectors: ['tensor'],
  look: ['tensor'],
  models: parts,
  lens: [...parts, 'vectors', 'models'],
  train: [...parts, 'vectors', 'models'],
  experiments: [...parts, 'train'],
  index: [...parts, 'vectors', 'models', 'lens', 'train', 'look'],
}

/** Small files that everyone may import. */
const free = ['errors', 'breathe', 'json']

/** `ops` for ops/attention.ts, `errors` for errors.ts. */
const partOf = (path: string): string => path.split('/')[0].replace(/\.ts$/, '')

/** Why `file` (a path under heed/src) may not import `specifier`, or undefined. */
function againstArrows(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) {
    return /^heed($|\/)/.test(specifier)
      ? `${file} imports ${specifier}: the library imports itself by path`
      : undefined
  }
  const target = normalize(join(dirname(file), specifier))
    .split(sep)
    .join('/')
  const [from, to] = [partOf(file), partOf(target.replace(/\.js$/, '.ts'))]
  if (!(from in arrows)) return `${file}: '${from}' has no arrows; give it its place in arrows.test.ts`
  if (from === to || free.includes(to) || arrows[from].includes(to)) return undefined
  return `${file} imports ${target}: ${from} may not import ${to}`
}

/** Why `file` (a path under src of the command or the studio) may not import `specifier`, or undefined. */
function againstPublicApi(file: string, specifier: string, entries: readonly string[]): string | undefined {
  if (specifier.startsWith('.')) {
    const target = normalize(join(dirname(file), specifier))
    return target.startsWith('..')
      ? `${file} imports ${specifier}: outside of its package's source`
      : undefined
  }
  if (!/^heed($|\/)/.test(specifier) || entries.includes(specifier)) return undefined
  return `${file} imports ${specifier}: not an entry point of heed`
}

/** Why a file of the studio may not: the page draws, and the engine's worker alone computes. */
function againstEngine(file: string, specifier: string): string | undefined {
  const draws = partOf(file) !== 'engine'
  return draws && /^(heed($|\/)|heed-learn\/)/.test(specifier) && specifier !== 'heed/look'
    ? `${file} imports ${specifier}: only engine/ computes; ask it`
    : undefined
}

/** Why a file of heed-learn may not: what asks and says is loaded by pages, what proves by their workers. */
function againstProofs(file: string, specifier: string): string | undefined {
  const computes = partOf(file) === 'proofs'
  return !computes && /^heed($|\/)/.test(specifier) && specifier !== 'heed/look'
    ? `${file} imports ${specifier}: only proofs/ computes`
    : undefined
}

/** Every import of every file that is not a test, dynamic ones, types and re-exports included. */
function importsUnder(root: string): [file: string, specifier: string][] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(sep).join('/'))
    .filter((file) => /\.(ts|svelte)$/.test(file) && !file.endsWith('.test.ts') && partOf(file) !== 'testing')
    .flatMap((file) =>
      ts
        .preProcessFile(readFileSync(join(root, file), 'utf8'))
        .importedFiles.map(({ fileName }): [string, string] => [file, fileName]),
    )
}

const heed = dirname(fileURLToPath(import.meta.url))
const cli = join(heed, '../../cli/src')
const learn = join(heed, '../../learn/src')
const studio = join(heed, '../../studio/src')
const { exports } = JSON.parse(readFileSync(join(heed, '../package.json'), 'utf8')) as { exports: object }
const entries = Object.keys(exports).map((path) => path.replace('.', 'heed'))

it('tells imports along the arrows from those against them', () => {
  expect(againstArrows('ops/linear.ts', './check.js')).toBeUndefined()
  expect(againstArrows('ops/linear.ts', '../tensor/tensor.js')).toBeUndefined()
  expect(againstArrows('backends/wasm/index.ts', '../../errors.js')).toBeUndefined()
  expect(againstArrows('lens/map.ts', '../models/index.js')).toBeUndefined()
  expect(againstArrows('tensor/tensor.ts', '../ops/add.js')).toBe(
    'tensor/tensor.ts imports ops/add.js: tensor may not import ops',
  )
  expect(againstArrows('models/bert.ts', '../train/index.js')).toContain('models may not import train')
  expect(againstArrows('nn/linear.ts', '../autograd/index.js')).toContain('nn may not import autograd')
  expect(againstArrows('text/bpe.ts', '../index.js')).toContain('text may not import index')
  expect(againstArrows('train/adamw.ts', '../testing/index.js')).toContain('train may not import testing')
  expect(againstArrows('ops/linear.ts', 'heed/models')).toContain('by path')
  expect(againstArrows('new/thing.ts', './other.js')).toContain("'new' has no arrows")
})

const check = (specifier: string) => againstPublicApi('commands/see.ts', specifier, entries)

it('tells public entry points from others', () => {
  for (const fine of ['heed', 'heed/models', 'commander', 'node:fs', '../output.js'])
    expect(check(fine)).toBeUndefined()
  for (const wrong of [
    'heed/src/index.ts',
    'heed/dist/tensor/index.js',
    'heed/tensor',
    '../../../heed/src/index.js',
  ])
    expect(check(wrong)).toContain(wrong)
})

it('the library follows the arrows', () => {
  const imports = importsUnder(heed)
  expect(imports.length).toBeGreaterThan(50)
  expect(imports.flatMap(([file, specifier]) => againstArrows(file, specifier) ?? [])).toEqual([])
})

it('the command uses public entry points alone', () => {
  expect(
    importsUnder(cli).flatMap(
      ([file, specifier]) => againstPublicApi(relative('.', file), specifier, entries) ?? [],
    ),
  ).toEqual([])
})

it('the quiz uses public entry points alone, and computes in its proofs alone', () => {
  expect(againstProofs('words/en.ts', 'heed/look')).toBeUndefined()
  expect(againstProofs('session.ts', 'heed')).toContain('only proofs/')
  expect(
    importsUnder(learn).flatMap(
      ([file, specifier]) =>
        againstPublicApi(file, specifier, entries) ?? againstProofs(file, specifier) ?? [],
    ),
  ).toEqual([])
})

it('the studio uses public entry points alone, and computes in its engine alone', () => {
  expect(againstEngine('pages/step/Hero.svelte', 'heed/look')).toBeUndefined()
  expect(againstEngine('engine/step.ts', 'heed/lens')).toBeUndefined()
  expect(againstEngine('pages/step/Hero.svelte', 'heed')).toContain('ask it')
  expect(againstEngine('pages/quiz/QuizPage.svelte', 'heed-learn')).toBeUndefined()
  expect(againstEngine('pages/quiz/QuizPage.svelte', 'heed-learn/proofs')).toContain('ask it')
  const imports = importsUnder(studio)
  expect(imports.filter(([file]) => file.endsWith('.svelte')).length).toBeGreaterThan(20)
  expect(
    imports.flatMap(
      ([file, specifier]) =>
        againstPublicApi(file, specifier, entries) ?? againstEngine(file, specifier) ?? [],
    ),
  ).toEqual([])
})
