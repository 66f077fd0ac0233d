import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { coded } from '../../testing/index.js'
import { fakeHub, type FakeHub } from '../../testing/hub.js'
import { openModelFolder } from '../model-folder.js'
import { readPieces } from '../pieces.js'
import { writeSafetensors } from '../safetensors.js'
import { openRepository } from './index.js'

const weights = writeSafetensors([{ name: 'w', dtype: 'F32', shape: [3], data: Float32Array.of(1, 2, 3) }])
const files = {
  'config.json': '{"model_type":"x"}',
  'tokenizer.json': '{"größer":"🐘"}',
  'model.safetensors.index.json': JSON.stringify({ weight_map: { w: 'model-1.safetensors' } }),
  'model-1.safetensors': weights,
}

/** Cache Storage as far as it is used. */
function fakeCaches() {
  const kept = new Map<string, Response>()
  const cache = {
    match: async (key: string) => kept.get(key)?.clone(),
    put: async (key: string, response: Response) => void kept.set(key, response),
  }
  return { kept, open: async () => cache }
}

let hub: FakeHub
let storage: ReturnType<typeof fakeCaches>
beforeEach(async () => {
  hub = await fakeHub(files)
  storage = fakeCaches()
  vi.stubGlobal('caches', storage)
  vi.stubEnv('HF_ENDPOINT', hub.endpoint)
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
})
afterEach(async () => {
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await hub[Symbol.asyncDispose]()
})

const open = (onProgress?: (done: number, total: number) => void) =>
  openRepository({ id: 'org/tiny', revision: 'main' }, { onProgress })

test('a browser keeps the files of a model, and asks for the list alone the second time', async () => {
  const seen: number[][] = []
  const folder = await openModelFolder(await open((...numbers) => seen.push(numbers)))
  expect(folder.config).toEqual({ model_type: 'x' })
  expect(folder.tokenizerJson).toEqual({ größer: '🐘' })
  for await (const { name, bytes } of readPieces(folder.tensors))
    expect([name, ...new Float32Array(bytes.slice().buffer)]).toEqual(['w', 1, 2, 3])
  expect(seen.at(-1)![0]).toBe(seen.at(-1)![1])
  hub.requests.length = 0
  await open()
  expect(hub.requests).toEqual(['GET hub /api/models/org/tiny/revision/main?blobs=true'])
  // And none, from the last visit, where the network is down.
  hub.trouble.status = 503
  expect((await openModelFolder(await open())).config).toEqual({ model_type: 'x' })
})

test.each([{ damaged: true }, { longer: true }])(
  'a file that comes wrong (%j) is not kept',
  async (trouble) => {
    hub.trouble = trouble
    await expect(open()).rejects.toThrow(coded('format', 'model-1.safetensors', 'came damaged', 'try again'))
    expect([...storage.kept.keys()].filter((key) => key.includes('model-1'))).toEqual([])
    hub.trouble = {}
    await open()
  },
)

test('a browser without room says so', async () => {
  const put = vi.fn(async () => Promise.reject(new Error('Quota exceeded.')))
  const { open: openCaches } = storage
  storage.open = async () => ({ ...(await openCaches()), put })
  hub.trouble = {}
  await expect(open()).rejects.toThrow(coded('input', 'no room', 'Quota exceeded.', 'free space'))
})

test('a file that no page can hold', async () => {
  const siblings = ['config.json', 'model.safetensors'].map((rfilename) => ({
    rfilename,
    size: Number.MAX_SAFE_INTEGER,
    blobId: 'a'.repeat(40),
  }))
  hub.trouble.listing = { sha: hub.commit, siblings }
  await expect(open()).rejects.toThrow(coded('memory', 'config.json', 'more than this page can hold'))
})

test('what cannot be had is said in one line', async () => {
  hub.trouble.namesOnly = true
  await expect(open()).rejects.toThrow(coded('network', 'no size and checksum'))
  hub.trouble.status = 503
  storage.kept.clear()
  await expect(open()).rejects.toThrow(coded('network', '503'))
  vi.stubGlobal('caches', undefined)
  await expect(open()).rejects.toThrow(coded('unsupported', 'Cache Storage', 'https'))
})
