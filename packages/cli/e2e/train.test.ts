import { readdir, readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fails, heed, makeModel, ok, temporaryFolder, writePairs } from './heed.js'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let data: string
beforeAll(async () => {
  folder = await temporaryFolder()
  data = folder.path('pairs.tsv')
  await writePairs(data)
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

it('goes on from a model with its shape, and takes no other', async () => {
  const model = folder.path('from')
  await makeModel(model)
  const few = ['--data', data, '--out', folder.path('further'), '--steps', '2', '--from', model]
  const { code, stderr } = await heed(['train', 'translation', ...few])
  expect(stderr).toMatch(/done: the model is in .*further/)
  expect(code).toBe(0)
  const config = async (of: string) => JSON.parse(await readFile(`${of}/config.json`, 'utf8')) as object
  expect(await config(folder.path('further'))).toEqual({ ...(await config(model)), dropout: 0.1 })
  for (const own of ['--vocab', '--d-model', '--layers'])
    await fails(
      2,
      ['train', 'translation', ...few, own, '300'],
      /'--from <model>' cannot be used with option '--/,
    )
  await fails(
    2,
    ['train', 'language', ...few, '--bytes'],
    /'--from <model>' cannot be used with option '--bytes'/,
  )
})

it('says what is wrong with the data', async () => {
  const odd = folder.path('odd.tsv')
  const args = ['train', 'translation', '--out', folder.path('odd'), '--data']
  await fails(1, [...args, folder.path('none.tsv')], /none\.tsv: does not exist/)
  await writeFile(odd, '')
  await fails(1, [...args, odd], /no pair to train on: there is no line; a line is source TAB target/)
  await writeFile(odd, '\nonly words\n')
  await fails(
    1,
    [...args, odd],
    /no pair to train on: 1 with an empty side \(first: line 1\), 1 without a TAB \(first: line 2\)/,
  )
  await writeFile(odd, Buffer.from('a\tb\n', 'utf16le'))
  await fails(1, [...args, odd], /with a NUL/)
  await writeFile(odd, '\n')
  await fails(1, [...train('odd'), '--valid', odd], /no pair to validate with/)
  const text = ['train', 'language', '--out', folder.path('odd'), '--data', odd]
  await fails(1, text, /no text to train on: there is no document/)
})

it('trains on what is sound in spoilt data, and counts the rest at the start', async () => {
  const spoilt = folder.path('spoilt.tsv')
  const long = 'sehr '.repeat(5000)
  await writeFile(
    spoilt,
    Buffer.concat([
      Buffer.from('\ufeffthe dog sees Anna\tder Hund sieht Anna\r\nno tab\n\tempty\nempty\t\n'),
      Buffer.from('the door\tdie T\xfcr\n', 'latin1'),
      Buffer.from(`n\0l\tnull\nvery long\t${long}\nlong\t${'ab '.repeat(400)}\nthe cat\tdie Katze`),
    ]),
  )
  const args = ['--data', spoilt, '--out', folder.path('spoilt'), ...small.split(' '), '--steps', '2']
  const { code, stderr } = await heed(['train', 'translation', ...args])
  expect(code).toBe(0)
  expect(stderr).toContain('train: 2 pairs, ')
  expect(stderr).toContain(
    'lines left out: 2 with an empty side (first: line 3), 2 too long (first: line 7), ' +
      '1 without a TAB (first: line 2), 1 not in UTF-8 (first: line 5), 1 with a NUL (first: line 6)',
  )
  const text = await heed([
    'train',
    'language',
    '--data',
    spoilt,
    '--out',
    folder.path('text'),
    ...tiny.split(' '),
  ])
  expect(text).toMatchObject({ code: 0 })
  expect(text.stderr).toMatch(/train: 7 documents.*left out: 1 not in UTF-8 \(first: line 5\), 1 with a NUL/)
})

it('a run that diverges ends in one line: where it began, and what is kept', async () => {
  const steps = ['--steps', '8', '--checkpoint-every', '2', '--evaluate-every', '100']
  const flags = [...train('diverged', ...steps), '--schedule', 'inverse-sqrt']
  expect(await heed([...flags, '--steps', '4'])).toMatchObject({ code: 0 })
  const { code, stderr } = await heed([...flags, '--resume', '--peak', '1e30'])
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /\nheed: .*diverged: step 6: the loss is NaN; it began in the activation encoder\.0\.\S+ \(\d+ of \d+ values\); lower the peak rate; the checkpoint of step 4 is kept, and --resume goes on from there\n$/,
  )
  expect(await ok(['runs', folder.path('diverged')])).toMatch(/^state +diverged: step 6/m)
  expect(await heed([...flags, '--resume'])).toMatchObject({ code: 0 })
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
    const prompt = of().includes('--task') ? 'The quick zebra' : 'Once upon a time'
    expect(whole.stderr).toContain(`try heed generate "${prompt}`)
    await fails(1, train('odd', '--d-model', '63'), /--d-model 63 in \d+ heads is .*--head-dim/)

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
