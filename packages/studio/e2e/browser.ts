import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject } from 'vitest'

/** Where Debian and others install it; CHROMIUM names another. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'

let browser: Browser

/** A browser for the tests of a file. A missing one is a failure. */
export function useBrowser(): void {
  beforeAll(async () => {
    if (!existsSync(executablePath))
      throw new Error(`no browser at ${executablePath}: install chromium, or name one with CHROMIUM=…`)
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  })
  afterAll(() => browser.close())
}

/** Complaints of a page that no test may end with. */
export interface Watched {
  page: Page
  /** Errors and warnings of the console, exceptions, and requests to other hosts. */
  complaints: string[]
}

/** A page of its own, watched, with calm motion. */
export async function newPage(options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
    acceptDownloads: true,
    ...options,
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url())
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') complaints.push(`request: ${request.url()}`)
  })
  return { page, complaints }
}

/** Runs a test on a page of its own, which must end without complaints. */
export async function onPage(
  hash: string,
  test: (page: Page) => Promise<void>,
  { address = inject('studio'), ...options }: BrowserContextOptions & { address?: string } = {},
): Promise<void> {
  const { page, complaints } = await newPage(options)
  try {
    await page.goto(address + hash)
    await test(page)
    expect(complaints).toEqual([])
  } finally {
    await page.context().close()
  }
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** What axe-core finds that is serious or worse, in words. */
export async function seriousViolations(page: Page): Promise<string[]> {
  // Given by the debugger, which the page's policy does not bind.
  await page.evaluate(await import('node:fs').then(({ readFileSync }) => readFileSync(axe, 'utf8')))
  const { violations } = await page.evaluate<{
    violations: { id: string; impact: string; nodes: { html: string }[] }[]
  }>('axe.run(document, { resultTypes: ["violations"] })')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ html }) => `${id}: ${html.slice(0, 200)}`))
}
