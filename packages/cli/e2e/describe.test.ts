import { readdir, readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fails, heed, ok, temporaryFolder } from './heed.js'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let data: string
beforeAll(async () => {
  folder = await temporaryFolder()
  data = folder.path('labels.tsv')
  const nouns = ['dog', 'cat', 'house']
  const lines = nouns.flatMap((noun) =>
    ['big', 'red', 'old'].map((word) => `The ${word} ${noun} is here.\t${noun}=${word}`),
  )
  await writeFile(data, `${lines.join('\n')}\nThe dog is here.\n`)
})
afterAll(() => folder[Symbol.asyncDispose]())

const tiny =
  '--steps 40 --batch-tokens 64 --vocab 20 --d-model 16 --heads 2 --layers 1 --d-ff 16 --warmup 5 ' +
  '--evaluate-every 20 --checkpoint-every 15 --peak 0.03'

const train = (out: string, ...flags: string[]) => {
  const files = ['--data', data, '--valid', data, '--out', folder.path(out)]
  return ['train', 'describe', ...files, ...tiny.split(' '), ...flags]
}

it('trains; interrupted and resumed it is the same model, which is looked into', async () => {
  const whole = await heed(train('whole'))
  expect(whole).toMatchObject({ code: 0, stdout: '' })
  expect(whole.stderr).toMatch(/train: 10 sentences, 9 labels, 0 of them with a word outside the vocabulary/)
  expect(whole.stderr).toMatch(
    /step 20: validation loss \d\.\d{3}, right where a word is described [\d.]+ %, elsewhere [\d.]+ %/,
  )
  expect(whole.stderr).toMatch(/done: the model is in .*whole; try heed describe/)

  const stopped = await heed(train('halved'), { interruptAt: /step 20:/ })
  expect(stopped).toMatchObject({ code: 1, stdout: '' })
  expect(await readdir(folder.path('halved'))).not.toContain('model.safetensors')
  expect(await heed(train('halved', '--resume'))).toMatchObject({ code: 0 })
  for (const file of ['model.safetensors', 'config.json', 'tokenizer.json'])
    expect(await readFile(folder.path(`halved/${file}`))).toEqual(
      await readFile(folder.path(`whole/${file}`)),
    )

  const model = folder.path('whole')
  const said = await ok(['describe', 'The old house is here.', '--model', model])
  expect(said).toMatch(/^house: old {2}0\.\d{3} {2}━+\n$/)
  const json = JSON.parse(
    await ok(['describe', 'The old house is here.', '--model', model, '--json']),
  ) as object
  expect(json).toMatchObject({
    model,
    text: 'The old house is here.',
    described: [{ position: 2, start: 8, end: 13, text: 'house', by: { text: 'old' } }],
  })
  expect(await ok(['describe', 'The dog is here.', '--model', model])).toMatch(/^no word describes another/)
})

it('see says the answer above the map, and keeps it out of the JSON document', async () => {
  await heed(train('seen'))
  const args = ['see', 'The old house is here.', '--model', folder.path('seen')]
  expect(await ok(args)).toMatch(/^house: old {2}0\.\d{3} {2}━+\n\n/)
  const { output, tokens } = JSON.parse(await ok([...args, '--json'])) as { output: null; tokens: object }
  expect([output, Object.keys(tokens)]).toEqual([null, ['source']])
})

it('explains itself, and says what is wrong with the data', async () => {
  expect(await ok(['train', 'describe', '--help'])).toMatch(/word=describing\s+word/)
  const odd = folder.path('odd.tsv')
  await writeFile(odd, 'The dog is big.\tdog=big\nThe dog is big.\tdog=red\n')
  const args = ['train', 'describe', '--out', folder.path('odd'), '--data']
  await fails(
    1,
    [...args, odd],
    /odd\.tsv: line 2 has the label "dog=red", but "red" does not stand in its sentence/,
  )
  await fails(1, [...args, folder.path('none.tsv')], /none\.tsv: does not exist/)
  await writeFile(odd, '\n\n')
  await fails(1, [...args, odd], /no sentence to train on/)
  await fails(2, ['train', 'describe', '--data', data], /--out/)
  await fails(2, [...args, data, '--others', '0'], /--others/)
  await fails(
    1,
    ['describe', 'A big dog.', '--model', 'heed-copy'],
    /needs a model that was trained to describe/,
  )
})
