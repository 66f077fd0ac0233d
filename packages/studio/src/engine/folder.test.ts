import { expect, it } from 'vitest'
import { checkFiles, giveFolder, givenFolder } from './folder'

const whole = ['config.json', 'model.safetensors', 'tokenizer.json']
const without = (name: string, ...others: string[]) => [...whole.filter((file) => file !== name), ...others]

it('a folder that is whole', () => {
  checkFiles('./mine', [...whole, 'README.md'])
  checkFiles('./mine', without('model.safetensors', 'model.safetensors.index.json', 'model-1.safetensors'))
})

it.each([
  [without('config.json'), /no config\.json.*open the folder that holds it/],
  [without('model.safetensors'), /no model\.safetensors; the weights are missing/],
  [without('model.safetensors', 'weights.safetensors'), /weights\.safetensors.*rename it/],
  [without('model.safetensors', 'pytorch_model.bin'), /pytorch_model\.bin.*safe_serialization=True/],
  [without('model.safetensors', 'model.pt'), /model\.pt holds weights in a format/],
  [without('tokenizer.json', 'vocab.txt'), /no tokenizer\.json.*save_pretrained/],
])('what is missing is named, with what to do: %j', (names, message) => {
  expect(() => checkFiles('./mine', names)).toThrow(message)
})

it('files are found by their number, until their folder is opened again', async () => {
  const files = whole.map((path) => ({ path, file: new Blob([path]) }))
  await giveFolder({ number: 7, name: './mine', files })
  expect(await givenFolder(7, './mine').text('config.json')).toBe('config.json')
  expect(() => givenFolder(8, './mine')).toThrow(/open the folder again/)
  await giveFolder({ number: 8, name: './other', files })
  await giveFolder({ number: 9, name: './mine', files })
  expect(await givenFolder(9, './mine').text('config.json')).toBe('config.json')
  expect(() => givenFolder(7, './mine')).toThrow(/open the folder again/)
  expect(await givenFolder(8, './other').text('config.json')).toBe('config.json')
})
