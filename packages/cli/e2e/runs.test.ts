import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fails, heed, ok, temporaryFolder, writePairs } from './heed.js'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let data: string
beforeAll(async () => {
  folder = await temporaryFolder()
  data = folder.path('pairs.tsv')
  await writePairs(data)
  await mkdir(folder.path('all'))
})
afterAll(() => folder[Symbol.asyncDispose]())

const small =
  '--batch-tokens 80 --vocab 300 --d-model 16 --heads 2 --layers 1 --d-ff 16 --warmup 5 --bleu-sentences 2 ' +
  '--samples 2'
const train = (out: string, ...flags: string[]) => {
  const files = ['--data', data, '--valid', data, '--out', folder.path(out)]
  return ['train', 'translation', ...files, ...small.split(' '), ...flags]
}

it('killed at random moments, in the middle of writing too, a run goes on to the same bits', async () => {
  const flags = ['--steps', '24', '--evaluate-every', '8', '--checkpoint-every', '1', '--keep', '3']
  expect(await heed(train('whole', ...flags))).toMatchObject({ code: 0 })
  const checkpoints = folder.path('killed/checkpoints')
  const writing = () =>
    existsSync(checkpoints) && readdirSync(checkpoints).some((name) => name.endsWith('.tmp'))
  let killed = 0
  for (let n = 0; n < 4; n++) {
    const at = Date.now() + 300 + 1000 * Math.random()
    const test = () => Date.now() > at && (n % 2 === 0 || writing())
    const { code, stderr } = await heed(train('killed', ...flags, '--resume'), {
      endWhen: { signal: 'SIGKILL', test },
    })
    expect({ code, stderr }).toEqual({ code: expect.toBeOneOf([0, 'SIGKILL']), stderr: expect.any(String) })
    if (code === 0) break
    killed++
  }
  expect(killed).toBeGreaterThan(0)
  expect(await heed(train('killed', ...flags, '--resume'))).toMatchObject({ code: 0 })

  const read = (run: string, file: string) => readFile(folder.path(`${run}/${file}`))
  for (const file of ['model.safetensors', 'config.json', 'samples.jsonl', 'attention.jsonl'])
    expect(await read('killed', file)).toEqual(await read('whole', file))
  const metrics = async (run: string) =>
    String(await read(run, 'metrics.jsonl')).replace(/,"tokensPerSecond":[\d.]+/g, '')
  expect(await metrics('killed')).toBe(await metrics('whole'))
  expect((await readdir(folder.path('killed/checkpoints'))).sort()).toEqual(
    (await readdir(folder.path('whole/checkpoints'))).sort(),
  )
}, 60_000)

it('two processes do not train in one folder', async () => {
  const flags = ['--steps', '100000', '--evaluate-every', '100000', '--checkpoint-every', '5']
  let second: ReturnType<typeof heed> | undefined
  const begun = () => existsSync(folder.path('shared/checkpoints/index.json'))
  const first = heed(train('shared', ...flags), {
    endWhen: {
      signal: 'SIGINT',
      test: () => {
        second ??= begun() ? heed(train('shared', ...flags, '--resume')) : undefined
        void second?.then(() => (over = true))
        return over
      },
    },
  })
  let over = false
  expect(await first).toMatchObject({ code: 1 })
  expect(await second).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/process \d+ trains in it; stop/),
  })
}, 60_000)

it('lists runs, shows one, draws them, as text and JSON', async () => {
  const more = ['--steps', '40', '--evaluate-every', '20', '--checkpoint-every', '20']
  await ok(train('all/first', ...more))
  const stopped = await heed(train('all/second', ...more, '--seed', '2'), { interruptAt: /step 20:/ })
  expect(stopped).toMatchObject({ code: 1 })
  // What an older heed left, and what is no run.
  await mkdir(folder.path('all/older'))
  await writeFile(
    folder.path('all/older/metrics.jsonl'),
    '{"step":20,"tokens":700,"loss":5,"smoothedLoss":5.5}\n',
  )
  const cut = Buffer.from('{"step":20,"samples":[{"source":"ß')
  await writeFile(folder.path('all/older/samples.jsonl'), cut.subarray(0, -1))
  await mkdir(folder.path('all/empty'))
  await mkdir(folder.path('all/damaged'))
  await writeFile(folder.path('all/damaged/run.json'), '{')

  const list = await ok(['runs', folder.path('all')])
  expect(list).not.toContain('\x1b')
  const [head, ...rows] = list.trimEnd().split('\n')
  expect(head).toMatch(/^run +task +size +steps +loss +its curve +valid +score +tokens\/s +time +state$/)
  expect(rows).toHaveLength(4)
  expect(rows[0]).toMatch(/^damaged +damaged: .*run\.json/)
  expect(rows[1]).toMatch(
    /^first +translation +\d\.\d\d k +40 of 40 +\d\.\d{3} +█▁ +\d\.\d{3} +BLEU \d+\.\d +[\d,]+ +\d+ s +finished$/,
  )
  expect(rows[2]).toMatch(/^older +20 +5\.500 +▁ +0 s +unknown$/)
  expect(rows[3]).toMatch(/^second +translation .* 2\d of 40 .* stopped$/)

  for (const line of (await ok(['runs', folder.path('all')], { env: { COLUMNS: '40' } })).split('\n'))
    expect(line.length).toBeLessThanOrEqual(40)

  const svg = folder.path('curves.svg')
  const one = await ok(['runs', folder.path('all/first'), '--svg', svg])
  expect(one).toMatch(/^state +finished$/m)
  expect(one).toMatch(/^steps +40 of 40, [\d.]+ k tokens$/m)
  expect(one).toMatch(/^valid +\d\.\d{3} █▁ \d\.\d{3} \(best at step 40: /m)
  expect(one).toMatch(/^checkpoints +step-000040, step-000020; best step-000040$/m)
  expect(one).toMatch(/^given +the dog sees dog\nsaid[^]*?\nwanted +der dog sieht dog$/m)
  const drawn = await readFile(svg, 'utf8')
  for (const panel of ['Training loss, smoothed', 'Validation loss', 'Validation BLEU', 'Learning rate'])
    expect(drawn).toContain(`>${panel}</text>`)
  await ok(['runs', folder.path('all/first'), folder.path('all/second'), '--svg', svg])
  expect(await readFile(svg, 'utf8')).toMatch(/<title>(Of 2 validated runs, |2 runs)/)

  const json = JSON.parse(await ok(['runs', folder.path('all'), '--json'])) as Record<string, unknown>[]
  expect(json).toHaveLength(4)
  expect(json[2]).toMatchObject({ step: 20, samples: [] })
  await writeFile(
    folder.path('all/older/samples.jsonl'),
    Buffer.concat([cut.subarray(0, -1), Buffer.from('\n')]),
  )
  const list2 = JSON.parse(await ok(['runs', folder.path('all'), '--json'])) as Record<string, unknown>[]
  expect(list2[2]).toMatchObject({
    damaged: expect.stringContaining('samples.jsonl: not UTF-8'),
    samples: [],
  })
  expect(json[1]).toMatchObject({
    task: 'translation',
    state: 'finished',
    step: 40,
    steps: 40,
    settings: { keep: 2, schedule: { warmup: 5 } },
    metrics: expect.arrayContaining([expect.objectContaining({ step: 20, rate: expect.any(Number) })]),
    samples: [{ step: 20 }, { step: 40 }],
  })
}, 60_000)

it('says what there is not', async () => {
  await rm(folder.path('none'), { recursive: true, force: true })
  await mkdir(folder.path('none'))
  expect(await ok(['runs'], { cwd: folder.path('none') })).toBe(
    'no run in runs/; heed train makes one with --out\n',
  )
  expect(await ok(['runs', folder.path('none')])).toMatch(/^no run in .*none; heed train/)
  await fails(1, ['runs', folder.path('nowhere')], /nowhere: does not exist/)
  await fails(1, ['runs', folder.path('none'), '--svg', folder.path('x.svg')], /there is no run to draw/)
  await fails(1, ['runs', folder.path('all/damaged')], /run\.json/)
  await fails(2, ['runs', '--what'], /unknown option/)
})
