import { expect, it } from 'vitest'
import { isModelFile, modelAmong, type OwnFile } from './own-files'

const fileOf = (path: string, text = '{}'): OwnFile => ({ path, file: new File([text], path) })

it('the model is the highest folder with a config.json; paths are those within it', async () => {
  const found = await modelAmong([
    fileOf('runs/deep/best/config.json'),
    fileOf('runs/mine/1_Pooling/config.json'),
    fileOf('runs/mine/config.json'),
    fileOf('runs/mine/model.safetensors', '12345'),
    fileOf('runs/notes.txt'),
  ])
  expect(found).toMatchObject({ name: './mine', bytes: 5 })
  expect(found!.files.map(({ path }) => path)).toEqual([
    '1_Pooling/config.json',
    'config.json',
    'model.safetensors',
  ])
})

it('files alone are called as their config says', async () => {
  const named = (config: string) => modelAmong([fileOf('config.json', config), fileOf('model.safetensors')])
  expect((await named('{"_name_or_path":"/home/me/tiny-gpt"}'))!.name).toBe('./tiny-gpt')
  expect((await named('{'))!.name).toBe('./model')
})

it('what has no config may still be meant as a model; a picture is not', async () => {
  expect((await modelAmong([fileOf('mine/pytorch_model.bin'), fileOf('mine/a.txt')]))!.name).toBe('./mine')
  expect(await modelAmong([fileOf('cat.png')])).toBeUndefined()
  expect(isModelFile(fileOf('cat.png'))).toBe(false)
})
