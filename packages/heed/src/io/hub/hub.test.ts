import { spawnSync } from 'node:child_process'
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { coded } from '../../testing/index.js'
import { fakeHub, type FakeHub } from '../../testing/hub.js'
import { exists, openFile } from '../files.js'
import { writeSafetensors } from '../safetensors.js'
import { type DownloadOptions, openRepository, repositoryOf } from './index.js'

const weights = writeSafetensors([
  { name: 'w', dtype: 'F32', shape: [50_000], data: Float32Array.from({ length: 50_000 }, Math.sin) },
])
const files = {
  'config.json': '{"model_type":"x"}',
  'tokenizer.json': '{"größer":"🐘"}',
  '1_Pooling/config.json': '{}',
  'chat_template.jinja': '{{ messages }}',
  'README.md': 'not read',
  'pytorch_model.bin': 'not read',
  'model.safetensors': weights,
}
const read = ['1_Pooling', 'chat_template.jinja', 'config.json', 'model.safetensors', 'tokenizer.json']
const bytesRead = [...read.slice(1), '1_Pooling/config.json']
  .map((name) => Buffer.from(files[name as keyof typeof files]).length)
  .reduce((a, b) => a + b)

let hub: FakeHub
let home: string
const cache = () => `${home}/hub/models--org--tiny`

async function start(content: Record<string, string | Uint8Array> = files): Promise<void> {
  await hub?.[Symbol.asyncDispose]()
  hub = await fakeHub(content)
  vi.stubEnv('HF_ENDPOINT', `${hub.endpoint}/`)
}

beforeEach(async () => {
  home = await mkdtemp(`${tmpdir()}/heed-hub-`)
  for (const name of ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'])
    vi.stubEnv(name, undefined)
  for (const name of ['HF_TOKEN_PATH', 'HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE', 'XDG_CACHE_HOME'])
    vi.stubEnv(name, undefined)
  vi.stubEnv('HF_HOME', home)
  await start()
})
afterEach(async () => {
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
  await hub[Symbol.asyncDispose]()
  await rm(home, { recursive: true })
})

const open = (name = 'org/tiny', options?: DownloadOptions) => openRepository(repositoryOf(name)!, options)
const rejects = (work: Promise<unknown>, ...words: Parameters<typeof coded>) =>
  expect(work).rejects.toThrow(coded(...words))

/** The folder holds the weights as they are on the hub, and nothing in the cache is half-written. */
async function expectWhole(path: string): Promise<void> {
  expect((await readFile(`${path}/model.safetensors`)).equals(weights)).toBe(true)
  expect((await readdir(`${cache()}/blobs`)).filter((name) => !/^[0-9a-f]+$/.test(name))).toEqual([])
}

test('names of repositories, and nothing that climbs', () => {
  expect(repositoryOf('org/name')).toEqual({ id: 'org/name', revision: 'main' })
  expect(repositoryOf('a_b/c-d.e@refs/pr/7')).toEqual({ id: 'a_b/c-d.e', revision: 'refs/pr/7' })
  const wrong = [
    'name',
    'a/b/c',
    '../b',
    'a/..',
    './b',
    'a/b.',
    '-a/b',
    'a/b.git',
    'a--b/c',
    'a/b@',
    'a b/c',
    '/a/b',
  ]
  for (const name of [
    ...wrong,
    'a/b@../c',
    'a/b@x/../y',
    'a/b@/x',
    'a/b@x/',
    'a/b@x//y',
    'a/b@.x',
    'a/b@x/.y',
  ])
    expect([name, repositoryOf(name)]).toEqual([name, undefined])
})

test('what heed reads comes into the layout of huggingface_hub, and is there the second time', async () => {
  const seen: [number, number][] = []
  const { path } = await open('org/tiny', { onProgress: (done, total) => seen.push([done, total]) })
  expect(path).toBe(`${cache()}/snapshots/${hub.commit}`)
  expect((await readdir(path)).sort()).toEqual(read)
  await expectWhole(path)
  expect(await readFile(`${path}/tokenizer.json`, 'utf8')).toBe(files['tokenizer.json'])
  expect(await readFile(`${cache()}/refs/main`, 'utf8')).toBe(hub.commit)
  expect(await readlink(`${path}/config.json`)).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/)
  expect(await readlink(`${path}/model.safetensors`)).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/)
  expect(await readlink(`${path}/1_Pooling/config.json`)).toMatch(/^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/)
  const total = seen[0][1]
  expect(seen.at(-1)).toEqual([total, total])
  expect([total, hub.sent]).toEqual([bytesRead, bytesRead])
  expect(seen.every(([done], i) => i === 0 || done >= seen[i - 1][0])).toBe(true)

  hub.requests.length = 0
  expect((await open()).path).toBe(path)
  expect((await open(`org/tiny@${hub.commit}`)).path).toBe(path)
  expect((await open('org/tiny@refs/pr/1')).path).toBe(path)
  expect(hub.requests.map((request) => request.split('/revision/')[0])).toEqual(
    Array(3).fill('GET hub /api/models/org/tiny'),
  )
  expect(await readFile(`${cache()}/refs/refs/pr/1`, 'utf8')).toBe(hub.commit)
})

test('a hub that lists names only is asked for each checksum once', async () => {
  hub.trouble.namesOnly = true
  const { path } = await open()
  await expectWhole(path)
  const heads = hub.requests.filter((request) => request.startsWith('HEAD'))
  expect(heads).toHaveLength(read.length)
  await open()
  expect(hub.requests.filter((request) => request.startsWith('HEAD'))).toHaveLength(heads.length)
})

test('shards come with their index, and an index that climbs is refused', async () => {
  const index = (shard: string) => JSON.stringify({ weight_map: { w: shard } })
  const sharded = { 'config.json': '{}', 'other.safetensors': 'not read' }
  await start({
    ...sharded,
    'model.safetensors.index.json': index('model-1.safetensors'),
    'model-1.safetensors': weights,
  })
  const { path } = await open()
  expect((await readdir(path)).sort()).toEqual([
    'config.json',
    'model-1.safetensors',
    'model.safetensors.index.json',
  ])
  for (const shard of ['../../x.safetensors', '/etc/x.safetensors', '..\\x.safetensors']) {
    await start({ ...sharded, 'model.safetensors.index.json': index(shard), [shard]: weights })
    await rejects(open(), 'format', JSON.stringify(shard), 'beside it')
  }
  await start({ ...sharded, 'model.safetensors.index.json': index('gone.safetensors') })
  await rejects(open(), 'not-found', 'gone.safetensors')
})

test('a connection that is cut goes on where it was', async () => {
  hub.trouble.cutAfter = 120_000
  await expectWhole((await open()).path)
  const [first, ...others] = hub.requests.filter((request) => request.includes('storage'))
  expect(first).not.toContain('bytes')
  expect(others.length).toBeGreaterThan(0)
  const starts = others.map((request) => Number(/ bytes=(\d+)-$/.exec(request)![1]))
  expect(starts.every((start, i) => start > (starts[i - 1] ?? 0))).toBe(true)
})

/** Answers requests for the weights with `answer`, from the byte that is asked for on; counts them. */
function answerWeights(answer: (from: number) => Response): { requests: number } {
  const count = { requests: 0 }
  const { fetch } = globalThis
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    if (!url.endsWith('/model.safetensors')) return fetch(url, init)
    count.requests++
    return answer(Number(/\d+/.exec(new Headers(init.headers).get('range') ?? '0')![0]))
  })
  return count
}

/** Does the work while time flies. */
async function quickly<T>(work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const clock = setInterval(() => vi.advanceTimersByTime(1000), 1)
  try {
    return await work()
  } finally {
    clearInterval(clock)
    vi.useRealTimers()
  }
}

const ranged = (from: number, to: number) =>
  new Response(weights.slice(from, to), {
    status: from > 0 ? 206 : 200,
    headers: from > 0 ? { 'content-range': `bytes ${from}-${weights.length - 1}/${weights.length}` } : {},
  })

test('a download does not go on for ever, whatever the server does', async () => {
  // It drops each connection after 10 bytes, and has none from there on.
  const dropping = answerWeights((from) => (from ? new Response(null, { status: 416 }) : ranged(0, 10)))
  await quickly(() => rejects(open(), 'network', 'model.safetensors', '416', 'try again'))
  expect(dropping.requests).toBeLessThan(10)
  vi.unstubAllGlobals()
  // It gives one byte each time.
  const trickling = answerWeights((from) => ranged(from, from + 1))
  await quickly(() => rejects(open(), 'network', 'ended early'))
  expect(trickling.requests).toBe(256)
})

test('a redirect that leads nowhere', async () => {
  for (const location of ['http://[', 'data:,x']) {
    answerWeights(() => new Response(null, { status: 302, headers: { location } }))
    await quickly(() => rejects(open(), 'network', JSON.stringify(location), 'HF_ENDPOINT'))
    vi.unstubAllGlobals()
  }
})

test('a list of files without end', async () => {
  const piece = new Uint8Array(2 ** 20).fill(32)
  let pieces = 0
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => (pieces++, controller.enqueue(piece)),
  })
  vi.stubGlobal('fetch', async () => new Response(endless))
  await rejects(open(), 'network', 'more than 67108864 bytes')
  expect(pieces).toBeLessThan(70)
})

test('a list of files that comes slowly, yet comes', async () => {
  const { fetch } = globalThis
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const response = await fetch(url, init)
    if (!url.includes('/api/')) return response
    const bytes = new Uint8Array(await response.arrayBuffer())
    let at = 0
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 20_000))
          controller.enqueue(bytes.subarray(at, (at += 300)))
          if (at >= bytes.length) controller.close()
        },
      }),
    )
  })
  await expectWhole((await quickly(() => open())).path)
})

test('a connection that falls silent is given up, and goes on where it was', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  hub.trouble.stallAfter = 70_000
  const start = Date.now()
  let reached = () => {}
  const stalled = new Promise<void>((resolve) => (reached = resolve))
  const work = open('org/tiny', { onProgress: (done) => done >= 70_000 && reached() })
  await stalled
  hub.trouble = {}
  // Each step is less than what counts as lost once bytes flow again.
  const clock = setInterval(() => vi.advanceTimersByTime(1000), 10)
  try {
    await expectWhole((await work).path)
  } finally {
    clearInterval(clock)
    vi.useRealTimers()
  }
  expect(hub.sent).toBe(bytesRead)
  expect(Date.now() - start).toBeLessThan(20_000)
})

test('a download that was stopped goes on in the next attempt, with what is missing', async () => {
  hub.trouble.stallAfter = 70_000
  const controller = new AbortController()
  const stopped = open('org/tiny', {
    signal: controller.signal,
    onProgress: (done) => done > 70_000 && controller.abort(),
  })
  await rejects(stopped, 'aborted', 'stopped')
  expect((await readdir(`${cache()}/blobs`)).filter((name) => name.endsWith('.incomplete'))).toHaveLength(1)
  await expect(readdir(`${cache()}/refs`)).rejects.toThrow('ENOENT')
  hub.trouble = {}
  const before = hub.sent
  const seen: number[] = []
  await expectWhole((await open('org/tiny', { onProgress: (done) => seen.push(done) })).path)
  expect(seen[0]).toBe(70_000)
  expect(hub.sent - before).toBe(weights.length - 70_000)
})

/** Where the blob of the weights will be; the cache is empty. */
async function blobOfWeights(): Promise<string> {
  const path = (await open()).path
  const oid = (await readlink(`${path}/model.safetensors`)).split('/').at(-1)!
  await rm(cache(), { recursive: true })
  await mkdir(`${cache()}/blobs`, { recursive: true })
  hub.sent = 0
  return `${cache()}/blobs/${oid}`
}

test.each([
  ['that is bad', weights.subarray(0, 100_000).map((byte) => byte ^ 1), 200_000],
  ['that is too long', new Uint8Array(300_000), 200_000],
  ['that lacks nothing', weights, 0],
  ['where the storage knows no ranges', weights.subarray(0, 100_000), 200_000],
])('a part from before %s', async (what, part, least) => {
  const blob = await blobOfWeights()
  // A process that is gone, on this machine or another, has left it.
  await writeFile(`${blob}.1f3a9c00.incomplete`, part)
  await utimes(`${blob}.1f3a9c00.incomplete`, 0, 0)
  hub.trouble.noRanges = what.includes('ranges')
  await expectWhole((await open()).path)
  expect(hub.sent).toBeGreaterThanOrEqual(least)
  if (least === 0) expect(hub.requests.filter((r) => r.includes('storage'))).toHaveLength(1)
})

test('a part is left alone while its process lives, and taken over when that was killed', async () => {
  const blob = await blobOfWeights()
  const { pid } = spawnSync(process.execPath, ['--version'])
  const parts = [`elsewhere-${pid}`, `${hostname().replace(/\W/g, '_')}-${process.pid}`].map(
    (owner) => `${blob}.${owner}-1f3a9c00.incomplete`,
  )
  for (const part of parts) await writeFile(part, weights.subarray(0, 150_000))
  const { path } = await open()
  expect((await readFile(`${path}/model.safetensors`)).equals(weights)).toBe(true)
  expect(hub.sent).toBe(bytesRead)
  for (const part of parts) expect((await readFile(part)).length).toBe(150_000)

  await rm(cache(), { recursive: true })
  await mkdir(`${cache()}/blobs`, { recursive: true })
  hub.sent = 0
  await writeFile(parts[1].replace(`-${process.pid}-`, `-${pid}-`), weights.subarray(0, 150_000))
  await expectWhole((await open()).path)
  expect(hub.sent).toBe(bytesRead - 150_000)
})

test('a part of a process on this machine that was suspended is its own for a day', async () => {
  const blob = await blobOfWeights()
  const part = `${blob}.${hostname().replace(/\W/g, '_')}-${process.pid}-1f3a9c00.incomplete`
  const hour = 3600
  for (const [age, left] of [
    [hour, true],
    [25 * hour, false],
  ] as const) {
    await writeFile(part, weights.subarray(0, 150_000))
    const then = Date.now() / 1000 - age
    await utimes(part, then, then)
    hub.sent = 0
    await open()
    expect(hub.sent).toBe(left ? bytesRead : bytesRead - 150_000)
    expect(await exists(part)).toBe(left)
    await rm(cache(), { recursive: true })
    await mkdir(`${cache()}/blobs`, { recursive: true })
  }
})

test('several downloads at once leave one whole snapshot', async () => {
  const paths = await Promise.all([open(), open(), open()])
  expect(new Set(paths.map(({ path }) => path)).size).toBe(1)
  await expectWhole(paths[0].path)
})

test.each([
  [{ damaged: true }, 'damaged'],
  [{ longer: true }, 'longer'],
])('a file that comes wrong (%j) is refused, and the next attempt heals', async (trouble, word) => {
  hub.trouble = trouble
  await rejects(open(), 'format', 'model.safetensors', word, 'try again')
  expect((await readdir(`${cache()}/blobs`)).filter((name) => !/^[0-9a-f]{40}$/.test(name))).toEqual([])
  await expect(openFile(`${cache()}/snapshots/${hub.commit}/model.safetensors`)).rejects.toThrow()
  hub.trouble = {}
  await expectWhole((await open()).path)
})

test('a file in the cache that is cut short or too long is brought anew', async () => {
  const { path } = await open()
  await writeFile(`${path}/tokenizer.json`, '{')
  await appendFile(`${path}/model.safetensors`, 'x')
  await open()
  await expectWhole(path)
  expect(await readFile(`${path}/tokenizer.json`, 'utf8')).toBe(files['tokenizer.json'])
})

test('the token goes to the endpoint and to nobody else', async () => {
  hub.trouble.gated = 'hf_secret'
  await rejects(open(), 'access', '"org/tiny": is gated', `${hub.endpoint}/org/tiny`, 'set HF_TOKEN')
  vi.stubEnv('HF_TOKEN', 'hf_other')
  await rejects(open(), 'access', 'the account that the token in use belongs to')
  hub.tokens.length = hub.requests.length = 0
  vi.stubEnv('HF_TOKEN', 'hf_secret\n')
  await open()
  hub.requests.forEach((request, i) =>
    expect([request, hub.tokens[i]]).toEqual([
      request,
      request.includes(' hub ') ? 'Bearer hf_secret' : undefined,
    ]),
  )
  expect(hub.requests.some((request) => request.includes(' storage '))).toBe(true)
})

test('the token that was saved at login serves too', async () => {
  await writeFile(`${home}/token`, 'hf_saved\n')
  hub.trouble.gated = 'hf_saved'
  await open()
})

test('what is not there is told apart', async () => {
  const tail = 'There is no folder of this name either'
  await rejects(open('org/other'), 'not-found', '"org/other": the hub has no such model', 'HF_TOKEN', tail)
  await rejects(open('org/tiny@v9'), 'not-found', 'no revision "v9"', '"org/tiny"')
  await start({ 'config.json': '{}', 'pytorch_model.bin': 'x' })
  await rejects(open(), 'unsupported', 'org/tiny', 'no model.safetensors', 'pytorch_model.bin')
  await start({ 'README.md': '' })
  await rejects(open(), 'not-found', 'no config.json')
  await start({ 'config.json': '{}' })
  await rejects(open(), 'not-found', 'no model.safetensors')
})

test('a hub that is not well, or none', async () => {
  for (const [status, word] of [
    [500, 'answers 500'],
    [429, 'too many requests'],
  ] as const) {
    hub.trouble.status = status
    await rejects(open(), 'network', word)
  }
  const odd = [
    '<html>sign in</html>',
    '[]',
    {},
    { sha: '../../etc', siblings: [] },
    { sha: hub.commit, siblings: 7 },
  ]
  for (const listing of [...odd, { sha: hub.commit, siblings: [{ rfilename: 1 }] }]) {
    hub.trouble = { listing }
    await rejects(open(), 'network', 'does not answer as a hub does', 'HF_ENDPOINT')
  }
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:1')
  await rejects(open(), 'network', 'no connection to 127.0.0.1:1', 'check the network')
  vi.stubEnv('HF_ENDPOINT', 'huggingface.co')
  await rejects(open(), 'option', 'HF_ENDPOINT', '"huggingface.co"')
})

test('checksums that would climb out of the cache are not taken', async () => {
  const siblings = ['config.json', 'model.safetensors'].map((rfilename) => ({
    rfilename,
    size: 1,
    blobId: '../../../../evil',
  }))
  hub.trouble.listing = { sha: hub.commit, siblings }
  // The hub is asked for right ones.
  const { path } = await open()
  expect(await readlink(`${path}/config.json`)).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/)
})

test('a disk without room for all of it is known before the first byte', async () => {
  const file = (rfilename: string, size: number) => ({ rfilename, size, blobId: 'a'.repeat(40) })
  hub.trouble.listing = {
    sha: hub.commit,
    siblings: [file('config.json', 2), file('model.safetensors', 5e15)],
  }
  await rejects(open(), 'input', '4656612.87 GB are to come', 'free', 'HF_HOME')
  expect(hub.sent).toBe(0)
})

test('offline, a whole snapshot will do and nothing is asked', async () => {
  vi.stubEnv('HF_HUB_OFFLINE', '1')
  await rejects(open(), 'not-found', `${home}/hub`, 'HF_HUB_OFFLINE is set')
  vi.stubEnv('HF_HUB_OFFLINE', '')
  const { path } = await open()
  hub.requests.length = 0
  vi.stubEnv('HF_HUB_OFFLINE', '1')
  expect((await open()).path).toBe(path)
  expect((await open(`org/tiny@${hub.commit}`)).path).toBe(path)
  await rejects(open('org/tiny@v2'), 'not-found', 'org/tiny@v2')
  expect(hub.requests).toEqual([])
  // Without the variable, a network that is down leads to the same snapshot.
  vi.stubEnv('HF_HUB_OFFLINE', undefined)
  hub.trouble.status = 503
  expect((await open()).path).toBe(path)
  await rm(`${path}/model.safetensors`)
  await rejects(open(), 'network', 'answers 503')
  vi.stubEnv('TRANSFORMERS_OFFLINE', 'yes')
  await rejects(open(), 'not-found', 'does not hold it whole')
})

test('where the cache is', async () => {
  const offline = async () => {
    vi.stubEnv('HF_HUB_OFFLINE', '1')
    return ((await open().catch((error: unknown) => error)) as Error).message
  }
  expect(await offline()).toContain(`: ${home}/hub does not hold`)
  vi.stubEnv('HUGGINGFACE_HUB_CACHE', '/tmp/old')
  expect(await offline()).toContain(': /tmp/old does not hold')
  vi.stubEnv('HF_HUB_CACHE', '/tmp/new')
  expect(await offline()).toContain(': /tmp/new does not hold')
  vi.stubEnv('HF_HUB_CACHE', undefined)
  vi.stubEnv('HUGGINGFACE_HUB_CACHE', undefined)
  vi.stubEnv('HF_HOME', '~/here')
  expect(await offline()).toMatch(/: \/[^~]*\/here\/hub does not hold/)
  vi.stubEnv('HF_HOME', undefined)
  vi.stubEnv('XDG_CACHE_HOME', '/tmp/xdg')
  expect(await offline()).toContain(': /tmp/xdg/huggingface/hub does not hold')
  vi.stubEnv('XDG_CACHE_HOME', undefined)
  expect(await offline()).toMatch(/: \/.*\/\.cache\/huggingface\/hub does not hold/)
})
