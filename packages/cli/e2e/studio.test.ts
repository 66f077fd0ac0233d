import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { fails, heed, modelForTests, ok } from './heed.js'

const { model } = await modelForTests()

it('has help with examples', async () => {
  const help = await ok(['studio', '--help'])
  expect(help).toMatch(/^Usage: heed studio /)
  expect(help).toMatch(/\nExamples:\n {2}heed studio --open/)
})

it('says where it is, serves a folder, and ends with Ctrl-C', async () => {
  const { stdout, stderr, code } = await heed(['studio', '--port', '0', '--model', model], {
    interruptAt: /Ctrl-C ends it/,
  })
  expect(stdout).toMatch(/^heed studio: http:\/\/127\.0\.0\.1:\d+\/ {2}\(Ctrl-C ends it\)\n$/)
  expect([stderr, code]).toEqual(['', 0])
})

it('a port that is taken', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  const { port } = server.address() as AddressInfo
  await fails(1, ['studio', '--port', String(port)], /port \d+ is taken.*--port 0/)
  server.close()
})

it('what cannot be', async () => {
  await fails(2, ['studio', '--port', '70000'], /--port <n>.*0 to 65535/)
  await fails(2, ['studio', 'text'], /too many arguments/)
  await fails(1, ['studio', '--port', '0', '--runs', 'no/such'], /no\/such: there is no such folder/)
  await fails(1, ['studio', '--port', '0', '--model', 'no-such-model'], /there is no model 'no-such-model'/)
})
