// The picture of the studio in README.md: node tools/screenshot.mjs [file]; needs a build and Chromium (CHROMIUM, /usr/bin/chromium).
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))
const [file = path('../docs/pictures/studio.png')] = process.argv.slice(2)
const studio = spawn(process.execPath, [path('../packages/cli/bin/heed.js'), 'studio', '--port', '0'])
const address = await new Promise((found) =>
  studio.stdout.on('data', (text) => {
    const [url] = /http:\/\/127\.0\.0\.1:\d+\//.exec(String(text)) ?? []
    if (url) found(url)
  }),
)
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
const page = await browser.newPage({ viewport: { width: 1280, height: 860 } })
await page.goto(address)
await page.waitForSelector('#step-7')
await page.waitForSelector('[aria-busy="false"]')
await page.waitForTimeout(500)
await page.screenshot({ path: file })
await browser.close()
studio.kill('SIGINT')
