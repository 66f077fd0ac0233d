import { appendFile, mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { studioApp } from './app.js'
import { fileResponse } from './files.js'
import { listen, type Running } from './listen.js'
import { type ModelEntry, type ServedModel, servedModels } from './models.js'
import type { RunEntry } from './runs.js'

let root = ''
let running: Running
let port = 0

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-server-'))
  const put = async (name: string, text: string) => {
    await mkdir(join(root, name, '..'), { recursive: true })
    await writeFile(join(root, name), text)
  }
  await put('page/index.html', '<!doctype html>the page')
  await put('page/assets/app-1a2b.js', 'run()')
  await put('secret.txt', 'secret')
  await put('mine/config.json', '{"model_type":"bert"}')
  await put('mine/model.safetensors', 'weights')
  await put('mine/notes.txt', 'private notes')
  await put('mine/1_Pooling/config.json', '{}')
  await symlink(join(root, 'secret.txt'), join(root, 'mine/stolen.json'))
  await symlink(join(root, 'secret.txt'), join(root, 'page/stolen.js'))
  await symlink(join(root, 'mine/config.json'), join(root, 'mine/again.json'))
  // The hub's cache: all files of a snapshot are links to blobs beside it.
  await put('hub/blobs/abc', '{"model_type":"gpt2"}')
  await mkdir(join(root, 'hub/snapshots/main'), { recursive: true })
  await symlink('../../blobs/abc', join(root, 'hub/snapshots/main/config.json'))
  const models = [
    ...(await servedModels(join(root, 'mine'))),
    ...(await servedModels(join(root, 'hub/snapshots/main'))).slice(0, 1),
  ]
  await put('runs/a/run.json', '{"task":"translation","steps":40}')
  await put('runs/a/metrics.jsonl', '{"step":20,"tokens":1,"loss":2}\n')
  await put('runs/a/model.safetensors', 'secret')
  await put('runs/a/notes.jsonl', 'private notes')
  await put('runs/broken/run.json', '{')
  await put('runs/none/readme.txt', 'no run')
  await put('elsewhere/run.json', '{"task":"secret"}')
  await symlink(join(root, 'elsewhere'), join(root, 'runs/linked'))
  await symlink(join(root, 'secret.txt'), join(root, 'runs/a/samples.jsonl'))
  const runs = join(root, 'runs')
  running = await listen({ page: join(root, 'page'), models: models as ServedModel[], runs }, 0)
  port = Number(new URL(running.address).port)
})
afterAll(async () => {
  await running.close()
  await rm(root, { recursive: true, force: true })
})

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** The path goes out as it is: fetch would tidy it up first. */
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }))
    })
    asked.on('error', reject).end()
  })

describe('what it gives', () => {
  it('the page, isolated, with a policy', async () => {
    const { status, headers, body } = await ask('/')
    expect([status, body]).toEqual([200, '<!doctype html>the page'])
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'x-content-type-options': 'nosniff',
    })
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    const asset = await ask('/assets/app-1a2b.js')
    expect(asset.body).toBe('run()')
    expect(asset.headers['cache-control']).toContain('immutable')
    expect(asset.headers['cross-origin-embedder-policy']).toBe('require-corp')
  })

  it('models and what they hold, the one asked for first', async () => {
    const { headers, body } = await ask('/models.json')
    expect(headers['cache-control']).toBe('no-store')
    const [mine, ...shipped] = JSON.parse(body) as ModelEntry[]
    expect(mine).toEqual({
      name: 'mine',
      type: 'bert',
      bytes: 7,
      description: '',
      address: 'models/mine/',
      files: ['1_Pooling/config.json', 'again.json', 'config.json', 'model.safetensors'],
    })
    expect(shipped.map(({ name }) => name)).toContain('heed-en-de')
    expect(body).not.toContain(root)
  })

  it('files of models once, as long as they stay the same', async () => {
    const first = await ask('/models/mine/model.safetensors')
    expect(first).toMatchObject({ status: 200, body: 'weights' })
    expect(first.headers).toMatchObject({ 'content-length': '7', 'cache-control': 'no-cache' })
    const etag = first.headers.etag!
    expect(await ask('/models/mine/model.safetensors', { 'if-none-match': etag })).toMatchObject({
      status: 304,
      body: '',
    })
    await writeFile(join(root, 'mine/model.safetensors'), 'other weights')
    const changed = await ask('/models/mine/model.safetensors', { 'if-none-match': etag })
    expect(changed).toMatchObject({ status: 200, body: 'other weights' })
    await writeFile(join(root, 'mine/model.safetensors'), 'weights')
    expect(await ask('/models/mine/model.safetensors', {}, 'HEAD')).toMatchObject({ status: 200, body: '' })
  })

  it('links that stay in the folder, and those of the hub’s cache', async () => {
    expect((await ask('/models/mine/again.json')).body).toBe('{"model_type":"bert"}')
    expect((await ask('/models/main/config.json')).body).toBe('{"model_type":"gpt2"}')
  })
})

describe('what it does not give', () => {
  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..\\secret.txt',
    '/..%5csecret.txt',
    '/assets/../../secret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/assets//../../secret.txt',
    '/%252e%252e/secret.txt',
    '/models/mine/../../secret.txt',
    '/models/mine/..%2f..%2fsecret.txt',
    '/models/mine/%2e%2e/%2e%2e/secret.txt',
    '/models/%2e%2e/secret.txt',
    '/models/..%2f/secret.txt',
    '/models/mine/notes.txt',
    '/models/mine/stolen.json',
    '/stolen.js',
    '/models/mine//config.json',
    '/models/mine/config.json%00.png',
    '/models/mine/1_Pooling',
    '/models/mine/',
    '/models/other/config.json',
    '/models/constructor/config.json',
    '//etc/passwd',
    '/etc/passwd',
    '/%',
    '/%ff',
    '/assets',
  ])('%s', async (path) => {
    const { status, body } = await ask(path)
    expect(body).not.toMatch(/secret$|private|root:/)
    expect([400, 404]).toContain(status)
  })

  it('anything to names of other sites that point here, and to pages of others', async () => {
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1:${port + 1}`])
      expect(await ask('/', { host })).toMatchObject({ status: 403 })
    for (const origin of ['https://evil.example', 'null', `https://127.0.0.1:${port}.evil.example`])
      expect(await ask('/models.json', { origin })).toMatchObject({ status: 403 })
    const own = await ask('/models.json', { host: `localhost:${port}`, origin: `http://localhost:${port}` })
    expect(own.status).toBe(200)
  })

  it('names without the port, but where it is the one that browsers leave out', async () => {
    const statusOf = async (port: number, host: string) => {
      const app = studioApp({ page: join(root, 'page'), models: [], port: () => port })
      const headers = { host, origin: `http://${host}` }
      return (await app.request(`http://${host}/`, { headers })).status
    }
    for (const host of ['127.0.0.1', 'localhost', 'localhost:80']) expect(await statusOf(80, host)).toBe(200)
    expect(await statusOf(80, 'evil.example')).toBe(403)
    expect(await statusOf(80, 'localhost:81')).toBe(403)
    expect(await statusOf(4333, 'localhost')).toBe(403)
  })

  it('any way to write', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect((await ask('/', {}, method)).status).toBe(405)
  })
})

describe('a file that is being written', () => {
  const asked = new Request('http://localhost/')

  it('is sent as long as it was, which is the length that is said', async () => {
    const file = join(root, 'grows.jsonl')
    await writeFile(file, 'a'.repeat(2 ** 20)) // more than is read ahead
    const response = await fileResponse(file, asked, 'no-cache')
    await appendFile(file, 'b'.repeat(100))
    expect(response.headers.get('content-length')).toBe(String(2 ** 20))
    expect(await response.text()).toBe('a'.repeat(2 ** 20))
  })

  it('or replaced, is sent as it was', async () => {
    const file = join(root, 'replaced.jsonl')
    await writeFile(file, 'old')
    const response = await fileResponse(file, asked, 'no-cache')
    await rm(file)
    await writeFile(file, 'other')
    expect(await response.text()).toBe('old')
  })

  it('and empty so far, is an empty answer', async () => {
    const file = join(root, 'empty.jsonl')
    await writeFile(file, '')
    const response = await fileResponse(file, asked, 'no-cache')
    expect([response.headers.get('content-length'), await response.text()]).toEqual(['0', ''])
  })

  it.runIf(process.platform === 'linux')(
    'is closed after it, and when nobody wants it any more',
    async () => {
      const file = join(root, 'closed.jsonl')
      await writeFile(file, 'a'.repeat(2 ** 20))
      const isOpen = async () => {
        const links = (await readdir('/proc/self/fd')).map((fd) =>
          readlink(`/proc/self/fd/${fd}`).catch(() => ''),
        )
        return (await Promise.all(links)).includes(file)
      }
      const response = await fileResponse(file, asked, 'no-cache')
      expect(await isOpen()).toBe(true)
      await response.body!.cancel()
      await expect.poll(isOpen).toBe(false)
      await (await fileResponse(file, asked, 'no-cache')).text()
      await expect.poll(isOpen).toBe(false)
      const etag = response.headers.get('etag')!
      for (const request of [
        new Request(asked, { method: 'HEAD' }),
        new Request(asked, { headers: { 'if-none-match': etag } }),
      ])
        expect((await fileResponse(file, request, 'no-cache')).body).toBeNull()
      expect(await isOpen()).toBe(false)
    },
  )
})

describe('training runs', () => {
  it('that are in the folder, as far as they can be read; what is no run, or lies elsewhere, is not there', async () => {
    const { status, headers, body } = await ask('/runs.json')
    expect([status, headers['cache-control']]).toEqual([200, 'no-store'])
    const [a, broken, ...others] = JSON.parse(body) as RunEntry[]
    expect(others).toEqual([])
    expect(a).toEqual({
      name: 'a',
      state: 'finished', // it says nothing, and has a model
      task: 'translation',
      step: 20,
      steps: 40,
      address: 'runs/a/',
    })
    expect(broken).toMatchObject({ name: 'broken', state: 'unknown', step: 0 })
    expect(broken.message).toContain('run.json')
  })

  it('what they log, which is sent again only when it has grown', async () => {
    const first = await ask('/runs/a/metrics.jsonl')
    expect(first).toMatchObject({ status: 200, body: '{"step":20,"tokens":1,"loss":2}\n' })
    expect(first.headers['content-type']).toBe('application/jsonl; charset=utf-8')
    const etag = first.headers.etag!
    expect(await ask('/runs/a/metrics.jsonl', { 'if-none-match': etag })).toMatchObject({
      status: 304,
      body: '',
    })
    await appendFile(join(root, 'runs/a/metrics.jsonl'), '{"step":40,"tokens":2,"loss":1}\n')
    const grown = await ask('/runs/a/metrics.jsonl', { 'if-none-match': etag })
    expect([grown.status, grown.body.split('\n').length]).toEqual([200, 3])
    const [a] = JSON.parse((await ask('/runs.json')).body) as RunEntry[]
    expect(a.step).toBe(40)
  })

  it.each([
    '/runs/a/model.safetensors',
    '/runs/a/notes.jsonl',
    '/runs/a/samples.jsonl',
    '/runs/a/attention.jsonl',
    '/runs/linked/run.json',
    '/runs/none/run.json',
    '/runs/none/readme.txt',
    '/runs/../elsewhere/run.json',
    '/runs/..%2felsewhere/run.json',
    '/runs/%2e%2e/run.json',
    '/runs/a/../../secret.txt',
    '/runs/a/',
    '/runs/',
  ])('nothing else: %s', async (path) => {
    const { status, body } = await ask(path)
    expect(body).not.toMatch(/secret|private|no run/)
    expect([400, 404]).toContain(status)
  })

  it('none where no folder was named', async () => {
    const other = await listen({ page: join(root, 'page'), models: [] }, 0)
    try {
      const response = await fetch(`${other.address}runs.json`)
      expect(await response.json()).toEqual([])
      expect((await fetch(`${other.address}runs/a/run.json`)).status).toBe(404)
    } finally {
      await other.close()
    }
  })
})

it('a port that is taken is an error that says what to do', async () => {
  const again = listen({ page: join(root, 'page'), models: [] }, port)
  await expect(again).rejects.toMatchObject({
    code: 'input',
    message: `port ${port} is taken, perhaps by another heed studio; name another with --port, or --port 0 for any that is free`,
  })
})

it('a model that there is not', async () => {
  await expect(servedModels('no-such-model')).rejects.toMatchObject({ code: 'not-found' })
  await expect(servedModels(join(root, 'page'))).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining('no config.json') as string,
  })
})
