import { existsSync, readdirSync, statSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { type FakeHub, fakeHub } from '../../heed/src/testing/hub.js'
import { fails, heed, modelForTests, ok } from './heed.js'

const { folder, model } = await modelForTests()
const names = (await readdir(model)).sort()
const files = Object.fromEntries(
  await Promise.all(names.map(async (name) => [name, await readFile(`${model}/${name}`)] as const)),
)
const weights = files['model.safetensors']
const size = Object.values(files).reduce((sum, { length }) => sum + length, 0)

const hub: FakeHub = await fakeHub(files)
afterAll(() => hub[Symbol.asyncDispose]())

const text = 'the dog sees the cat'
const args = [text, '--model', 'org/tiny', '--json']
let env: Record<string, string>
let runs = 0
beforeEach(() => {
  const none = { HF_TOKEN: '', HF_HUB_CACHE: '', HUGGINGFACE_HUB_CACHE: '', HF_HUB_OFFLINE: '' }
  env = { ...none, HF_ENDPOINT: hub.endpoint, HF_HOME: folder.path(`home-${runs++}`) }
  hub.trouble = {}
  hub.requests.length = hub.sent = 0
})

/** The weights are whole, and nothing half-written is left. */
async function expectWhole(): Promise<void> {
  const root = `${env.HF_HOME}/hub/models--org--tiny`
  expect((await readFile(`${root}/snapshots/${hub.commit}/model.safetensors`)).equals(weights)).toBe(true)
  expect(await readdir(`${root}/blobs`)).toHaveLength(names.length)
}

/** Some of the weights have come. */
function partIsThere(): boolean {
  const blobs = `${env.HF_HOME}/hub/models--org--tiny/blobs`
  const parts = existsSync(blobs) ? readdirSync(blobs).filter((name) => name.endsWith('.incomplete')) : []
  return (
    hub.requests.some((request) => request.includes('storage')) &&
    parts.some((name) => statSync(`${blobs}/${name}`).size > 0)
  )
}

it('a model of the hub is downloaded once, and is the model of the folder', async () => {
  const shown = JSON.parse(await ok(args, { env })) as object
  const same = JSON.parse(await ok([text, '--model', model, '--json'])) as object
  expect(shown).toEqual({ ...same, model: 'org/tiny' })
  expect(hub.sent).toBe(size)
  hub.requests.length = 0
  await ok(['translate', text, '--model', `org/tiny@${hub.commit}`], { env })
  expect(hub.requests).toEqual([`GET hub /api/models/org/tiny/revision/${hub.commit}?blobs=true`])
  await ok(args, { env: { ...env, HF_HUB_OFFLINE: '1', HF_ENDPOINT: 'http://127.0.0.1:1' } })
  await expectWhole()
})

it('two commands at once do not disturb each other', async () => {
  const [one, other] = await Promise.all([ok(args, { env }), ok(args, { env })])
  expect(one).toBe(other)
  await expectWhole()
})

it.each(['SIGINT', 'SIGKILL'] as const)('a download ended by %s goes on where it was', async (signal) => {
  hub.trouble.stallAfter = 20_000
  const ended = await heed(args, { env, endWhen: { signal, test: partIsThere } })
  expect(ended.stdout).toBe('')
  if (signal === 'SIGINT')
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/^heed: stopped/) })
  else expect(ended.code).toBe('SIGKILL')
  hub.trouble = {}
  hub.sent = 0
  await ok(args, { env })
  expect(hub.sent).toBeLessThan(weights.length)
  await expectWhole()
})

it('what the hub does not give is said in one line', async () => {
  const see = (name: string, says: RegExp) => fails(1, [text, '--model', name], says, { env })
  await see('org/other', /"org\/other": the hub has no such model.*no folder of this name/)
  await see('org/tiny@v3', /no revision "v3"/)
  hub.trouble.gated = 'hf_x'
  await see('org/tiny', /is gated; accept its terms at .*org\/tiny, and set HF_TOKEN/)
  hub.trouble = { damaged: true }
  await see('org/tiny', /model\.safetensors came damaged.*try again/)
  env.HF_HUB_OFFLINE = '1'
  await see('org/tiny', /HF_HUB_OFFLINE is set/)
})
