import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
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

/** What the address says of the view. */
export const params = (page: Page): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(page.url().split('?')[1]))

export const headline = async (page: Page): Promise<string> =>
  (await page.textContent('h1'))!.replace(/\s+/g, ' ').trim()

/** px of all that is on the page: more than the screen has where something sticks out. */
export const pageWidth = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth)

/** Nothing is wider than the page, on screens of these widths. */
export async function expectFits(
  page: Page,
  widths: readonly number[],
  whole: (page: Page) => Promise<void> = async () => {},
): Promise<void> {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 844 })
    await whole(page)
    expect(await pageWidth(page)).toBe(width)
  }
}

/** Clicks on the button that saves something; the file's name and text. */
export async function download(page: Page, button: string): Promise<{ file: string; text: string }> {
  const [given] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ])
  return { file: given.suggestedFilename(), text: await readFile(await given.path(), 'utf8') }
}

/** The text of what the menu of the page saves. */
export async function saved(page: Page, button: string): Promise<string> {
  await page.getByRole('button', { name: 'Share or save this view' }).click()
  const { text } = await download(page, button)
  await page.keyboard.press('Escape')
  return text
}

/** A server that gives no list of models: the page says so, and goes on when it is back. */
export async function loseServer(hash: string, whole: (page: Page) => Promise<void>): Promise<void> {
  const { page } = await newPage()
  await page.route('**/models.json', (route) => route.abort())
  await page.goto(inject('studio') + hash)
  await page.getByRole('heading', { name: 'No models' }).waitFor()
  await page.unroute('**/models.json')
  await page.getByRole('button', { name: 'Try again' }).click()
  await whole(page)
  await page.context().close()
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** What axe-core finds that is serious or worse, in words. */
export async function seriousViolations(page: Page): Promise<string[]> {
  // Given by the debugger, which the page's policy does not bind.
  await page.evaluate(await readFile(axe, 'utf8'))
  const { violations } = await page.evaluate<{
    violations: { id: string; impact: string; nodes: { html: string }[] }[]
  }>('axe.run(document, { resultTypes: ["violations"] })')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ html }) => `${id}: ${html.slice(0, 200)}`))
}
