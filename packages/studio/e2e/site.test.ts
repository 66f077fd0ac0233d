import { execFile } from 'node:child_process'
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { onPage, useBrowser } from './browser'

useBrowser()

const site = fileURLToPath(new URL('../dist/site', import.meta.url))
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }
let server: Server
let address = ''

/** A host that knows nothing of isolation, with the site in a folder of its own. */
beforeAll(async () => {
  const packageFolder = fileURLToPath(new URL('..', import.meta.url))
  await promisify(execFile)('npx', ['vite', 'build', '--mode', 'site', '--logLevel', 'error'], {
    cwd: packageFolder,
  })
  server = createServer(({ url = '' }, response) => {
    const path = site + url.replace(/^\/demo/, '').replace(/\/$/, '/index.html')
    if (!url.startsWith('/demo/') || !existsSync(path)) return void response.writeHead(404).end()
    response.writeHead(200, {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
      'content-length': statSync(path).size,
    })
    createReadStream(path).pipe(response)
  }).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/demo/`
})
afterAll(() => server.close())

it('a static site works in any folder, without isolation, on one thread', () =>
  onPage(
    '',
    async (page) => {
      await page.waitForSelector('#step-7')
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
      expect(await page.textContent('h1')).toContain('of its attention')
      await page.getByRole('button', { name: /^Model:/ }).click()
      expect(await page.locator('.threads').textContent()).toMatch(/one thread/)
    },
    { address },
  ))
