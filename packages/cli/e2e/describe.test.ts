import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ablate, replacePattern } from 'heed/lens'
import { type Intervention, loadModel } from 'heed/models'
import { readLabelled } from 'heed/train'
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

it('heed-describe is shipped, and answers for pairs of words that it was not trained on', async () => {
  expect(await ok(['models'])).toMatch(/^heed-describe +bert +0\.9 MB/m)
  // Every 16th line of test-pairs.tsv as tools/describe makes it; sentences of tatoeba.org, CC-BY 2.0 FR.
  const sentences = await readLabelled(fileURLToPath(new URL('held-out-pairs.tsv', import.meta.url)))
  using model = await loadModel('heed-describe')
  let [right, all] = [0, 0]
  for (const { text, labels } of sentences) {
    const said = new Map((await model.describe(text)).map(({ end, by }) => [end, by.text.trim()]))
    for (const { word, by } of labels) {
      all++
      if (said.get(word.end) === text.slice(by.start, by.end).toLowerCase()) right++
    }
  }
  // The card says how many of all such lines; a third of the words less would be another model.
  expect(all).toBeGreaterThan(40)
  expect(right / all).toBeGreaterThan(0.5)
})

it('without what its heads carry heed-describe describes nothing', async () => {
  using model = await loadModel('heed-describe')
  const text = 'The elephant is very large.'
  const answers = async (change?: Intervention) =>
    (await model.describe(text, { with: change ? [change] : [] })).map(({ text, by }) => [
      text,
      by.text.trim(),
    ])
  expect(await answers()).toEqual([['elephant', 'large']])
  expect(await answers(ablate('layers.0.self'))).toEqual([])
  expect(await answers(replacePattern('layers.0.self', 'uniform'))).toEqual([])
})
