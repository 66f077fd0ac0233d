import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { servedFolder } from './served.js'

const weights = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251)
const asked: string[] = []
let isDown = false
let server: Server
let address = ''

beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    asked.push(url)
    if (url === '/m/config.json') response.end('{"model_type":"bert"}')
    else if (url === '/m/model.safetensors')
      response.writeHead(200, { 'content-length': weights.length }).end(weights)
    else if (url === '/m/1_Pooling/config.json') response.end('{}')
    else if (url === '/m/modules.json') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
    else if (url === '/m/generation_config.json') response.writeHead(500).end()
    else if (url === '/m/tokenizer.json') response.writeHead(200, { 'content-length': 9 }).destroy()
    else if (url === '/m/tokenizer_config.json') {
      response.writeHead(200, { 'content-length': 7 })
      if (isDown) response.write('{"a', () => response.destroy())
      else response.end('{"a":1}')
    } else response.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/m/`
})
afterAll(() => server.close())

it('reads text, nested files and pieces, and fetches each file once', async () => {
  const folder = servedFolder(address)
  expect(await folder.text('config.json')).toBe('{"model_type":"bert"}')
  expect(await folder.text('1_Pooling/config.json')).toBe('{}')
  asked.length = 0
  const [file, again] = [await folder.open('model.safetensors'), await folder.open('model.safetensors')]
  expect(file!.size).toBe(weights.length)
  const piece = new Uint8Array(300)
  await file!.read(777, piece)
  expect(piece).toEqual(weights.subarray(777, 1077))
  await again!.read(99_990, piece.subarray(0, 10))
  expect(piece.subarray(0, 10)).toEqual(weights.subarray(99_990))
  expect(asked).toEqual(['/m/model.safetensors'])
})

it('a file that is not there, or that is the page of an app, is none', async () => {
  const folder = servedFolder(address)
  expect(await folder.open('chat_template.jinja')).toBeUndefined()
  expect(await folder.text('modules.json')).toBeUndefined()
})

it('asks for nothing but the files that it was told of', async () => {
  const folder = servedFolder(address, { files: ['config.json'] })
  asked.length = 0
  expect(await folder.text('tokenizer_config.json')).toBeUndefined()
  expect(await folder.open('../secret')).toBeUndefined()
  expect(asked).toEqual([])
})

it('counts bytes', async () => {
  const seen: [number, number][] = []
  const folder = servedFolder(address, { onProgress: (done, total) => void seen.push([done, total]) })
  await folder.open('model.safetensors')
  expect(seen.at(-1)).toEqual([weights.length, weights.length])
  expect(seen.every(([done, total]) => done <= total)).toBe(true)
})

it('fetches a file anew that could not be had before', async () => {
  const seen: [number, number][] = []
  const folder = servedFolder(address, { onProgress: (done, total) => void seen.push([done, total]) })
  isDown = true
  await expect(folder.text('tokenizer_config.json')).rejects.toMatchObject({ code: 'network' })
  isDown = false
  expect(await folder.text('tokenizer_config.json')).toBe('{"a":1}')
  expect(seen.at(-1)).toEqual([7, 7])
})

it('says what went wrong', async () => {
  const folder = servedFolder(address)
  await expect(folder.text('generation_config.json')).rejects.toMatchObject({
    code: 'network',
    message: expect.stringContaining('answers 500') as string,
  })
  await expect(folder.text('tokenizer.json')).rejects.toMatchObject({ code: 'network' })
  await expect(servedFolder('http://127.0.0.1:1/m').text('config.json')).rejects.toMatchObject({
    code: 'network',
    message: expect.stringContaining('is the server still running?') as string,
  })
  const stopped = servedFolder(address, { signal: AbortSignal.abort() })
  await expect(stopped.text('config.json')).rejects.toMatchObject({ code: 'aborted' })
})
