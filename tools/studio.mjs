// A studio and a browser for tools that look at it. Needs a build and Chromium (CHROMIUM, /usr/bin/chromium).
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const heed = fileURLToPath(new URL('../packages/cli/bin/heed.js', import.meta.url))

/** `heed studio` with options of its own, and Chromium with arguments of its own; `close` ends both. */
export async function openStudio({ options = [], args = [] } = {}) {
  const studio = spawn(process.execPath, [heed, 'studio', '--port', '0', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const address = await new Promise((found, failed) => {
    studio.on('exit', (code) => failed(new Error(`heed studio ended with ${code}`)))
    studio.stdout.on('data', (text) => {
      const [url] = /http:\/\/127\.0\.0\.1:\d+\//.exec(String(text)) ?? []
      if (url) found(url)
    })
  })
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', ...args] })
  const close = async () => {
    await browser.close()
    studio.kill('SIGINT')
  }
  return { address, browser, close }
}
