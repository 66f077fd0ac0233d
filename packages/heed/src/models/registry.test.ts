import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { diskFolder, type Folder, parseSafetensors, writeSafetensors } from '../io/index.js'
import { coded, expectWithin } from '../testing/index.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { defineFamily, listModels, loadModel, saveModel, type Transformer } from './index.js'

let root = ''
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'heed-models-'))))
afterAll(() => rm(root, { recursive: true, force: true }))

/** A saved tiny model whose files the test may damage. */
async function saved(name: string, dtype?: 'F32' | 'F16'): Promise<string> {
  const model = tinyTransformer({ norm: 'post' })
  const path = join(root, name)
  await saveModel(model, path, { dtype })
  model.dispose()
  return path
}

test.each(['F32', 'F16'] as const)('what is saved as %s loads again', async (dtype) => {
  const model = tinyTransformer({ norm: 'post' })
  const loaded = await loadModel<Transformer>(await saved(`round-trip-${dtype}`, dtype))
  expect(loaded.config).toEqual(model.config)
  expect(loaded.files).toEqual(model.files)
  expect(Object.keys(loaded.weights).sort()).toEqual(Object.keys(model.weights).sort())
  const eps = dtype === 'F32' ? 2 ** -23 : 2 ** -10
  for (const [name, w] of Object.entries(model.weights)) {
    expect(loaded.weights[name].shape).toEqual(w.shape)
    await expectWithin(loaded.weights[name], w, eps, name)
  }
  const options = { maxLength: 5 }
  if (dtype === 'F32')
    expect(await loaded.translate(['the dog'], options)).toEqual(await model.translate(['the dog'], options))
  model.dispose()
  loaded.dispose()
})

test('a folder may be files from elsewhere', async () => {
  const path = await saved('given')
  const asked: string[] = []
  const disk = await diskFolder(path)
  const folder: Folder = {
    path: 'a dropped folder',
    text: (name) => (asked.push(name), disk.text(name)),
    open: (name) => (asked.push(name), disk.open(name)),
  }
  using model = await loadModel<Transformer>(folder)
  expect(model.config.model_type).toBe('heed-transformer')
  expect(asked).toContain('model.safetensors')
  await rm(join(path, 'config.json'))
  await expect(loadModel(folder)).rejects.toThrow(coded('not-found', 'a dropped folder: no config.json'))
  await expect(loadModel(null as unknown as string)).rejects.toThrow(coded('option', 'name a model'))
})

async function editConfig(path: string, edit: (config: Record<string, unknown>) => void): Promise<void> {
  const config = JSON.parse(await readFile(join(path, 'config.json'), 'utf8')) as Record<string, unknown>
  edit(config)
  await writeFile(join(path, 'config.json'), JSON.stringify(config))
}

test('weights that do not fit the config are named, and none stays behind', async () => {
  const path = await saved('weights')
  const file = join(path, 'model.safetensors')
  const whole = parseSafetensors(await readFile(file), file)
  const write = (
    edit: (tensors: Map<string, { dtype: 'F32' | 'I32'; shape: number[]; bytes: Uint8Array }>) => void,
  ) => {
    const tensors = new Map(whole as never)
    edit(tensors as never)
    const list = [...(tensors as typeof whole)].map(([name, t]) => ({
      name,
      dtype: t.dtype,
      shape: t.shape,
      data: t.bytes,
    }))
    return writeFile(file, writeSafetensors(list))
  }
  const bytes = new Uint8Array(32)
  await write((t) => t.delete('decoder.1.cross.key.bias'))
  await expect(loadModel(path)).rejects.toThrow(coded('format', 'lack', 'decoder.1.cross.key.bias [8]'))
  await write((t) => t.set('encoder.norm.bias', { dtype: 'F32', shape: [8], bytes }))
  await expect(loadModel(path)).rejects.toThrow(coded('format', 'does not have', '"encoder.norm.bias" [8]'))
  await write((t) => t.set('encoder.0.norm1.bias', { dtype: 'F32', shape: [2, 4], bytes }))
  await expect(loadModel(path)).rejects.toThrow(coded('format', 'encoder.0.norm1.bias', '[2, 4]', '[8]'))
  await write((t) => t.set('encoder.0.norm1.bias', { dtype: 'I32', shape: [8], bytes }))
  await expect(loadModel(path)).rejects.toThrow(coded('format', 'encoder.0.norm1.bias', 'I32'))
})

test('a config that does not fit is refused before any weight is made', async () => {
  const path = await saved('config')
  await editConfig(path, (c) => (c.rotary = true))
  await expect(loadModel(path)).rejects.toThrow(coded('unsupported', 'rotary'))
  await editConfig(path, (c) => {
    delete c.rotary
    c.model_type = 'no-such-family'
  })
  await expect(loadModel(path)).rejects.toThrow(
    coded('unsupported', '"no-such-family"', 'heed-transformer', 'llama'),
  )
  await editConfig(path, (c) => delete c.model_type)
  await expect(loadModel(path)).rejects.toThrow(coded('format', 'model_type'))
})

test('a damaged tokenizer, or one with more ids than the model, frees the weights', async () => {
  const path = await saved('tokenizer')
  const file = join(path, 'tokenizer.json')
  const json = JSON.parse(await readFile(file, 'utf8')) as { model: { vocab: Record<string, number> } }
  json.model.vocab['a new piece'] = 5000
  await writeFile(file, JSON.stringify(json))
  await expect(loadModel(path)).rejects.toThrow(coded('format'))
  await writeFile(file, '{}')
  await expect(loadModel(path)).rejects.toThrow(coded('format'))
})

test('a model that is not there names those that are', async () => {
  await expect(loadModel('no-such-model')).rejects.toThrow(
    coded('not-found', '"no-such-model"', 'shipped models', 'folder'),
  )
  for (const id of ['a/b/c', 'org/..', '../name', 'org/name@', 'org/name@../x'])
    await expect(loadModel(id)).rejects.toThrow(coded('not-found', id, 'org/name'))
  await expect(loadModel(join(root, 'nothing'))).rejects.toThrow(coded('not-found', 'nothing'))
  await expect(loadModel('')).rejects.toThrow(coded('option'))
  // An installed package that is no model.
  await expect(loadModel('vitest')).rejects.toThrow(coded('not-found', '"vitest"'))
  for (const { name, path } of await listModels()) expect(path).toContain(name)
})

test('saving knows F32 and F16 only', async () => {
  const model = tinyTransformer()
  await expect(saveModel(model, join(root, 'x'), { dtype: 'F8' as 'F16' })).rejects.toThrow(
    coded('option', 'F8'),
  )
  model.dispose()
})

test("a family of one's own loads by its model_type", async () => {
  const path = await saved('family')
  const family = defineFamily<{ n: number }, never>({
    type: 'my-family',
    config: (json) => ({ n: json.num_heads as number }),
    shapes: () => new Map([['embedding.weight', [270, 8]]]),
    create: ({ n }, weights) =>
      ({
        config: { model_type: 'my-family' },
        n,
        weights,
        dispose: () => weights['embedding.weight'].dispose(),
      }) as never,
  })
  expect(defineFamily(family)).toBe(family)
  expect(() => defineFamily({ ...family })).toThrow(coded('option', 'my-family'))
  await editConfig(path, (c) => (c.model_type = 'my-family'))
  await expect(loadModel(path)).rejects.toThrow(coded('format', 'does not have'))
  const file = join(path, 'model.safetensors')
  const t = parseSafetensors(await readFile(file), file).get('embedding.weight')!
  await writeFile(
    file,
    writeSafetensors([{ name: 'embedding.weight', dtype: t.dtype, shape: t.shape, data: t.bytes }]),
  )
  const model = (await loadModel(path)) as unknown as { n: number; dispose(): void }
  expect(model.n).toBe(2)
  model.dispose()
})
