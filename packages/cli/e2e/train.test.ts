import { readdir, readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fails, heed, makeModel, ok, temporaryFolder } from './heed.js'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let data: string
beforeAll(async () => {
  folder = await temporaryFolder()
  data = folder.path('pairs.tsv')
  const words = ['dog', 'cat', 'elephant', 'Anna', 'Berlin', 'Otto', '1984']
  const pairs = words.flatMap((a) => words.map((b) => `the ${a} sees ${b}\tder ${a} sieht ${b}`))
  await writeFile(data, `${pairs.join('\n')}\n`)
})
afterAll(() => folder[Symbol.asyncDispose]())

const small =
  '--steps 40 --batch-tokens 80 --vocab 300 --d-model 16 --heads 2 --layers 1 --d-ff 16 --warmup 5 ' +
  '--evaluate-every 20 --checkpoint-every 15 --bleu-sentences 2'

const train = (out: string, ...flags: string[]) => {
  const files = ['--data', data, '--valid', data, '--out', folder.path(out)]
  return ['train', 'translation', ...files, ...small.split(' '), ...flags]
}

it('trains, and a run that is interrupted and resumed ends with the same model', async () => {
  const whole = await heed(train('whole'))
  expect(whole).toMatchObject({ code: 0, stdout: '' })
  expect(whole.stderr).toMatch(/train: 49 pairs/)
  expect(whole.stderr).toMatch(/step 20: validation loss \d\.\d{3}, BLEU/)
  expect(whole.stderr).toMatch(/done: the model is in .*whole/)
  expect(whole.stderr).not.toContain('\x1b')

  const stopped = await heed(train('halved'), { interruptAt: /step 20:/ })
  expect(stopped).toMatchObject({ code: 1, stdout: '' })
  expect(stopped.stderr).toMatch(/heed: stopped at step \d+; the same command with --resume goes on\n$/)
  expect(await readdir(folder.path('halved'))).not.toContain('model.safetensors')
  await fails(1, train('halved'), /holds a run already; resume it/)

  const resumed = await heed(train('halved', '--resume'))
  expect(resumed).toMatchObject({ code: 0 })
  expect(resumed.stderr).toMatch(/resumed at step \d+/)
  for (const file of ['model.safetensors', 'config.json', 'tokenizer.json'])
    expect(await readFile(folder.path(`halved/${file}`))).toEqual(
      await readFile(folder.path(`whole/${file}`)),
    )

  const seen = await ok(['the dog sees Anna', '--model', folder.path('whole'), '--json'])
  expect(JSON.parse(seen)).toMatchObject({ text: 'the dog sees Anna' })
})

it('says what is wrong with the data', async () => {
  const odd = folder.path('odd.tsv')
  await writeFile(odd, 'a\tb\nno tab\n')
  const args = ['train', 'translation', '--out', folder.path('odd'), '--data']
  await fails(1, [...args, odd], /odd\.tsv: line 2 has no TAB/)
  await fails(1, [...args, folder.path('none.tsv')], /none\.tsv: does not exist/)
  await writeFile(odd, '\n\n')
  await fails(1, [...args, odd], /no pair to train on/)
})

const tiny =
  '--steps 30 --batch-tokens 64 --context 16 --d-model 16 --heads 2 --layers 1 --d-ff 16 --evaluate-every 15 ' +
  '--checkpoint-every 10'

it.each([
  ['text', () => ['--data', data, '--valid', data, '--vocab', '300']],
  ['the copying task', () => ['--task', 'copy', '--layers', '2', '--window', '4', '--untied']],
])(
  'trains a language model on %s; interrupted and resumed it is the same, and generates',
  async (name, of) => {
    const train = (out: string, ...flags: string[]) => {
      const folderOf = folder.path(`${name} ${out}`)
      return ['train', 'language', ...of(), '--out', folderOf, ...tiny.split(' '), ...flags]
    }
    const whole = await heed(train('whole'))
    expect(whole).toMatchObject({ code: 0, stdout: '' })
    expect(whole.stderr).toMatch(/valid: \d+ documents, \d+ tokens in \d+ windows/)
    expect(whole.stderr).toMatch(/step 15: validation loss \d\.\d{3}, perplexity \d+\.\d\d/)
    expect(whole.stderr).toMatch(/done: the model is in .*whole; try heed generate/)

    const stopped = await heed(train('halved'), { interruptAt: /step 15:/ })
    expect(stopped).toMatchObject({ code: 1, stdout: '' })
    expect(stopped.stderr).toMatch(/heed: stopped at step \d+; the same command with --resume goes on\n$/)
    expect(await heed(train('halved', '--resume'))).toMatchObject({ code: 0 })
    for (const file of ['model.safetensors', 'config.json', 'tokenizer.json'])
      expect(await readFile(folder.path(`${name} halved/${file}`))).toEqual(
        await readFile(folder.path(`${name} whole/${file}`)),
      )

    const model = folder.path(`${name} whole`)
    const json = await ok(['generate', 'the dog', '--model', model, '--max-tokens', '4', '--json'])
    expect((JSON.parse(json) as { tokens: unknown[] }).tokens.length).toBeGreaterThan(0)
  },
)

it('tunes a model, and leaves what others wrote beside it', async () => {
  const model = folder.path('model')
  await makeModel(model)
  const settings = `${model}/generation_config.json`
  await writeFile(settings, '{"transformers_version": "5.0", "num_beams": 2}')
  const stdout = await ok(['tune', model, '--data', data, '--sentences', '3', '--pairs', '12'])
  expect(stdout.match(/^length penalty [\d.]+: BLEU \d+\.\d\d on 3 sentences$/gm)).toHaveLength(8)
  expect(stdout).toMatch(/decoder\.0\.cross: finds \d+ of \d+ copied words/)
  expect(JSON.parse(await readFile(settings, 'utf8'))).toEqual({
    transformers_version: '5.0',
    num_beams: 4,
    gnmt_length_penalty: expect.any(Number),
    alignment_layer: expect.any(Number),
  })
  await writeFile(folder.path('none.tsv'), '')
  await fails(1, ['tune', model, '--data', folder.path('none.tsv')], /holds no pairs/)
  await fails(1, ['tune', folder.path('no-model'), '--data', data], /no-model: no such folder/)
})
