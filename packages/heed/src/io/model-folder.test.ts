import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readModelFolder, writeModelFolder } from './model-folder.js'
import { parseSafetensors, safeTensor, writeSafetensors } from './safetensors.js'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(`${tmpdir()}/heed-model-`)
})
afterEach(() => rm(dir, { recursive: true }))

const rejects = (code: string, message: string) =>
  expect(readModelFolder(dir)).rejects.toMatchObject({ name: 'HeedError', code, message })
const put = (name: string, content: object | string) =>
  writeFile(`${dir}/${name}`, typeof content === 'string' ? content : JSON.stringify(content))
const shard = (...names: string[]) =>
  writeSafetensors(
    names.map((name) => ({ name, dtype: 'F32', shape: [1], data: Float32Array.of(name.length) })),
  )
const tensors = new Map([
  ['w', safeTensor({ name: 'w', dtype: 'F16', shape: [1, 2], data: Float32Array.of(1, 2) })],
  ['ids', safeTensor({ name: 'ids', dtype: 'I64', shape: [1], data: new Uint8Array(8) })],
])

test('a folder comes back as written, also over another one', async () => {
  const json = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 })
  const some = fc.option(json, { nil: undefined })
  await fc.assert(
    fc.asyncProperty(
      json,
      some,
      some,
      some,
      async (config, tokenizerJson, tokenizerConfig, generationConfig) => {
        const folder = { config, tensors, tokenizerJson, tokenizerConfig, generationConfig }
        await writeModelFolder(`${dir}/deep/m`, folder)
        const read = await readModelFolder(`${dir}/deep/m`)
        expect(read.tensors.get('w')).toEqual(tensors.get('w'))
        expect(read.tensors.get('ids')).toEqual(tensors.get('ids'))
        for (const field of ['config', 'tokenizerJson', 'tokenizerConfig', 'generationConfig'] as const)
          expect(JSON.stringify(read[field])).toBe(JSON.stringify(folder[field]))
      },
    ),
    { numRuns: 20 },
  )
})

test('a chat template is a text, and goes when the next model has none', async () => {
  const chatTemplate = "{{ '<s>' }}\n{# é #}"
  await writeModelFolder(dir, { config: {}, tensors, chatTemplate })
  expect((await readModelFolder(dir)).chatTemplate).toBe(chatTemplate)
  await writeModelFolder(dir, { config: {}, tensors })
  expect((await readModelFolder(dir)).chatTemplate).toBeUndefined()
})

test('weights carry the format that transformers asks for', async () => {
  await writeModelFolder(dir, { config: {}, tensors })
  const { metadata } = parseSafetensors(await readFile(`${dir}/model.safetensors`), 'm')
  expect(metadata).toEqual({ format: 'pt' })
})

test('a write that fails half-way leaves no folder that looks whole, and no temporary file', async () => {
  await writeModelFolder(dir, { config: { old: true }, tensors, tokenizerJson: { old: true } })
  await rm(`${dir}/tokenizer.json`)
  await mkdir(`${dir}/tokenizer.json/in-the-way`, { recursive: true })
  await expect(
    writeModelFolder(dir, { config: { old: false }, tensors, tokenizerJson: { old: false } }),
  ).rejects.toMatchObject({ code: 'input', message: `${dir}/tokenizer.json: is a folder; name a file` })
  expect((await readdir(dir)).sort()).toEqual(['config.json', 'tokenizer.json'])
})

test('a write that fails before all is on the disk leaves the old model as it was', async () => {
  await writeModelFolder(dir, { config: { old: true }, tensors })
  const before = await readFile(`${dir}/model.safetensors`)
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  await expect(writeModelFolder(dir, { config: cyclic, tensors })).rejects.toThrow(TypeError)
  expect(await readFile(`${dir}/model.safetensors`)).toEqual(before)
  expect((await readModelFolder(dir)).config).toEqual({ old: true })
})

test('what a model folder misses', async () => {
  await expect(readModelFolder(`${dir}/no`)).rejects.toMatchObject({
    code: 'not-found',
    message: `${dir}/no: no such folder; check the path`,
  })
  const layout = 'a model folder holds config.json, model.safetensors and tokenizer.json'
  await rejects('not-found', `${dir}: no config.json; ${layout}`)
  await put('config.json', {})
  await rejects('not-found', `${dir}: no model.safetensors; ${layout}`)
  await put('pytorch_model.bin', '')
  await rejects(
    'not-found',
    `${dir}: no model.safetensors; heed does not read pytorch_model.bin, save it with safe_serialization=True`,
  )
})

test('JSON files that are damaged or not objects', async () => {
  await put('config.json', '[]')
  await rejects('format', `${dir}/config.json: [], expected a JSON object`)
  await put('config.json', '{')
  await expect(readModelFolder(dir)).rejects.toThrow(`${dir}/config.json: not valid JSON: `)
  await put('config.json', {})
  await writeFile(`${dir}/model.safetensors`, shard('a').subarray(0, 40))
  await expect(readModelFolder(dir)).rejects.toThrow(`${dir}/model.safetensors: header of `)
})

test('shards come together', async () => {
  await put('config.json', {})
  await put('model.safetensors.index.json', {
    weight_map: { a: '1.safetensors', bb: '2.safetensors', c: '1.safetensors' },
  })
  await writeFile(`${dir}/1.safetensors`, shard('a', 'c'))
  await rejects(
    'not-found',
    `${dir}: no 2.safetensors, which model.safetensors.index.json names; download it too`,
  )
  await writeFile(`${dir}/2.safetensors`, shard('bb'))
  expect([...(await readModelFolder(dir)).tensors.keys()].sort()).toEqual(['a', 'bb', 'c'])
})

test('an index that its shards contradict', async () => {
  const index = `${dir}/model.safetensors.index.json`
  await put('config.json', {})
  await writeFile(`${dir}/1.safetensors`, shard('a', 'x'))
  await writeFile(`${dir}/2.safetensors`, shard('a', 'b'))
  const map = (weights: object) => put('model.safetensors.index.json', { weight_map: weights })

  await map({ a: '1.safetensors', x: '1.safetensors', gone: '2.safetensors' })
  await rejects('format', `${index}: names "gone" in 2.safetensors, which the shards do not hold there`)
  await map({ a: '1.safetensors', x: '1.safetensors', b: '2.safetensors' })
  await rejects('format', `${index}: does not name "a" in 2.safetensors, which the shards hold`)
  await map({
    1: '1.safetensors',
    2: '1.safetensors',
    3: '1.safetensors',
    4: '1.safetensors',
    5: '1.safetensors',
  })
  await rejects(
    'format',
    `${index}: names "1" in 1.safetensors, "2" in 1.safetensors, "3" in 1.safetensors and 2 more, ` +
      'which the shards do not hold there',
  )
  await put('model.safetensors.index.json', { weight_map: [] })
  await rejects('format', `${index}: weight_map is [], expected an object`)
})

test.each([
  '../secret.safetensors',
  '/etc/x.safetensors',
  '..\\x.safetensors',
  'C:x.safetensors',
  'sub/x.safetensors',
  'x\n.safetensors',
  '.safetensors/..',
  '',
  'config.json',
  7,
])('a shard named %j is refused', async (name) => {
  await put('config.json', {})
  await put('model.safetensors.index.json', { weight_map: { w: name } })
  await rejects(
    'format',
    `${dir}/model.safetensors.index.json: tensor "w" is in ${JSON.stringify(name)}, ` +
      'expected the name of a .safetensors file beside it',
  )
})
