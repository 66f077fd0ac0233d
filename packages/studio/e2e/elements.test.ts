import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { capture, see } from 'heed/lens'
import { signed, weight2, weight3 } from 'heed/look'
import { loadModel } from 'heed/models'
import { cosineSimilarity, VectorTable, wordVectors } from 'heed/vectors'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectFits, onPage, seriousViolations, useBrowser } from './browser'

useBrowser()

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** A host that knows nothing of isolation: files of a folder, and what other origins may have of them. */
async function host(folder: string, headers: Record<string, string> = {}): Promise<Server> {
  const server = createServer(async ({ url = '' }, response) => {
    const path = join(folder, new URL(url, 'http://host').pathname.replace(/\/$/, '/index.html'))
    try {
      const body = await readFile(path)
      const type = types[extname(path)] ?? 'application/octet-stream'
      response.writeHead(200, { 'content-type': type, 'content-length': (await stat(path)).size, ...headers })
      response.end(body)
    } catch {
      response.writeHead(404).end()
    }
  }).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  return server
}
const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

let folder = ''
let servers: Server[] = []
/** Of the plain page's host, and of one that gives the elements to other origins. */
let [plain, other] = ['', '']

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plain-page-'))
  await promisify(execFile)(
    'npx',
    ['vite', 'build', '--mode', 'site', '--logLevel', 'error', '--outDir', join(folder, 'heed')],
    { cwd: fileURLToPath(new URL('..', import.meta.url)) },
  )
  const pictures = fileURLToPath(new URL('../../../docs/article/pictures', import.meta.url))
  await cp(pictures, join(folder, 'pictures'), { recursive: true })
  servers = [await host(folder), await host(folder, { 'access-control-allow-origin': '*' })]
  ;[plain, other] = servers.map(addressOf)
}, 240_000)
afterAll(async () => {
  for (const server of servers) server.close()
  await rm(folder, { recursive: true, force: true })
})

const text = 'The elephant is very large.'
const icon = '<link rel="icon" href="data:," />'

/** A page as somebody writes it who knows one tag: its own style, and the one script. */
async function written(
  name: string,
  body: string,
  { script = 'heed/heed.js', style = '' } = {},
): Promise<string> {
  await writeFile(
    join(folder, name),
    `<!doctype html><html lang="en"><head><meta charset="utf-8" /><title>Notes</title>${icon}
<meta name="viewport" content="width=device-width, initial-scale=1" />
<style>body { font: 18px/1.6 Georgia, serif; max-width: 640px; margin: 40px auto; padding: 0 16px }
button { background: hotpink; text-transform: uppercase } table, td { border: 3px double red } b { color: red }
img { max-width: 100% } .gap { height: 3000px } ${style}</style>
<script type="module" src="${script}"></script></head><body><main><h1>Notes on attention</h1>${body}</main></body></html>`,
  )
  return name
}

const five = `
<p>A map.</p><div class="gap"></div>
<heed-attention model="heed-describe" text="${text}" site="layers.0.self" head="0">
  <img src="pictures/map.svg" alt="The attention map of the sentence." /></heed-attention>
<heed-heads model="heed-describe" text="${text}"><img src="pictures/heads.svg" alt="Its heads." /></heed-heads>
<heed-translate model="heed-en-de" text="${text}"><img src="pictures/translation.svg" alt="Its translation." /></heed-translate>
<heed-words model="heed-en-de" words="dog cat television"></heed-words>
<heed-quiz question="opposites"></heed-quiz>`

/** Brings an element near and waits for what stands in it then. */
async function shown(page: Page, name: string, inside: string): Promise<void> {
  const element = page.locator(name).first()
  await element.scrollIntoViewIfNeeded()
  await element.locator(inside).first().waitFor({ timeout: 25_000 })
}

async function attentionOf(head: number): Promise<Float32Array> {
  const model = await loadModel('heed-describe')
  const seen = await capture(model, text, { sites: ['layers.0.self'] })
  try {
    return await seen.map('layers.0.self', head).tile()
  } finally {
    seen.dispose()
    model.dispose()
  }
}

/** What the library says of the translator's figures: the translation's words, and the cosines of all pairs of words. */
async function translatorOf(list: readonly string[]): Promise<{ output: string[]; cosines: string[] }> {
  const model = await loadModel('heed-en-de')
  try {
    const { output } = await see(model, text)
    const weight = model.weights[model.embedding]
    const table = new VectorTable((await weight.data()) as Float32Array, weight.shape[1])
    const vectors = wordVectors(list, model.tokenizer!, table).map(({ vector }) => vector)
    const pairs = vectors.flatMap((one, n) => vectors.slice(n + 1).map((other) => [one, other] as const))
    return {
      output: output!.match(/\p{L}+|\./gu)!,
      cosines: pairs.map(([one, other]) => signed(cosineSimilarity(one, other))),
    }
  } finally {
    model.dispose()
  }
}

const cellOf = (page: Page, i: number, j: number) =>
  page.locator(`heed-attention [data-i="${i}"][data-j="${j}"]`)

describe('a plain page with one script tag', () => {
  it('has elements that come when one is near, with the library’s numbers', async () => {
    const name = await written('five.html', five)
    await onPage(
      '',
      async (page) => {
        const asked: string[] = []
        page.on('request', (request) => asked.push(new URL(request.url()).pathname))
        await page.goto(plain + name)
        expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
        expect(asked.filter((path) => /models|worker|show/.test(path))).toEqual([])
        expect(page.workers()).toHaveLength(0)

        await shown(page, 'heed-attention', '[role=gridcell]')
        const weights = await attentionOf(0)
        await cellOf(page, 1, 4).click()
        expect(await page.locator('heed-attention .readout .big').textContent()).toBe(
          weight3(weights[1 * 6 + 4]),
        )
        await cellOf(page, 2, 1).click()
        expect(await page.locator('heed-attention .readout .big').textContent()).toBe(
          weight3(weights[2 * 6 + 1]),
        )

        await shown(page, 'heed-heads', '[role=gridcell]')
        expect(await page.locator('heed-heads .heads button').count()).toBe(4)
        await page.locator('heed-heads .heads button').nth(1).click()
        const second = await attentionOf(1)
        // The strongest link of this head, so that it is there.
        await page.getByText('strongest: is → elephant').waitFor()
        await page.locator('heed-heads [data-i="1"][data-j="4"]').click()
        expect(await page.locator('heed-heads .readout .big').textContent()).toBe(weight3(second[1 * 6 + 4]))

        expect(page.workers()).toHaveLength(1)
        expect(await seriousViolations(page)).toEqual([])
        await expectFits(page, [390, 1440])
      },
      { address: 'about:blank' },
    )
  }, 60_000)

  it('has one worker and each model once, and leaves the page as it was', async () => {
    const name = await written('five-more.html', five)
    await onPage(
      '',
      async (page) => {
        const asked: string[] = []
        page.on('request', (request) => asked.push(new URL(request.url()).pathname))
        await page.goto(plain + name)
        const { output, cosines } = await translatorOf(['dog', 'cat', 'television'])
        await shown(page, 'heed-translate', '.words.target button')
        const german = await page.locator('heed-translate .words.target b').allTextContents()
        expect(german.slice(0, -1)).toEqual(output)

        await shown(page, 'heed-words', 'table')
        expect(await page.locator('heed-words tbody td:nth-of-type(1) .num').allTextContents()).toEqual(
          cosines,
        )

        await shown(page, 'heed-quiz', '[data-option]')
        await page.locator('heed-quiz [data-option=nearer]').click()
        await page.keyboard.press('Enter')
        await page.locator('heed-quiz .proof').waitFor({ timeout: 20_000 })

        expect(page.workers()).toHaveLength(1)
        const models = asked.filter((path) => path.endsWith('.safetensors'))
        expect(models.sort()).toEqual(
          ['heed-describe', 'heed-en-de'].map((at) => `/heed/models/${at}/model.safetensors`),
        )
        expect(asked.filter((path) => path.endsWith('models.json'))).toHaveLength(1)

        expect(await page.evaluate(() => location.hash + document.querySelectorAll('style').length)).toBe('1')
        expect(await page.locator('heed-quiz .proof a, figure a').count()).toBe(0)
      },
      { address: 'about:blank' },
    )
  }, 60_000)

  it('takes the page’s colours, or those it is told; leads to a studio where there is one', async () => {
    const name = await written(
      'colours.html',
      `<heed-attention text="${text}" head="0" studio="https://studio.example/"></heed-attention>
       <heed-attention id="told" theme="light" text="${text}" head="0"></heed-attention>`,
      {
        style: 'body { background: #fff8e7; color: #332211 } body.night { background: #101418; color: #eee }',
      },
    )
    await onPage(
      name,
      async (page) => {
        const of = (at: number, inside: string, property: string) =>
          page
            .locator('heed-attention')
            .nth(at)
            .locator(inside)
            .first()
            .evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property)
        const card = (at = 0) => of(at, 'figure', 'background-color')
        for (const at of [0, 1])
          await page.locator('heed-attention').nth(at).locator('[role=gridcell]').first().waitFor()
        expect([await card(), await of(0, 'figure', 'color')]).toEqual([
          'rgb(255, 248, 231)',
          'rgb(51, 34, 17)',
        ])
        await page.evaluate(() => document.body.classList.add('night'))
        await expect.poll(() => card(), { timeout: 15_000 }).toBe('rgb(16, 20, 24)')
        expect(await card(1)).toBe('rgb(255, 255, 255)')
        await page.locator('#told').evaluate((element) => element.setAttribute('theme', 'dark'))
        await expect.poll(() => of(1, 'figure', 'color'), { timeout: 15_000 }).toBe('rgb(238, 238, 238)')
        await page.addStyleTag({
          content: '#told { --heed-ink: rgb(255, 0, 255); --heed-card: transparent; width: 380px }',
        })
        expect([await of(1, 'figure', 'color'), await card(1)]).toEqual([
          'rgb(255, 0, 255)',
          'rgba(0, 0, 0, 0)',
        ])
        // Narrow is what the element is, not the screen.
        expect([await of(0, '.pane', 'flex-direction'), await of(1, '.pane', 'flex-direction')]).toEqual([
          'row',
          'column',
        ])
        const link = page.locator('heed-attention').first().getByRole('link', { name: 'Open in the studio' })
        expect(await link.getAttribute('href')).toMatch(
          /^https:\/\/studio\.example\/#\/step\?text=The\+elephant/,
        )
        expect(await page.locator('#told a').count()).toBe(0)
      },
      { address: plain },
    )
  })

  it('says what is wrong in the element, and follows what is mended', async () => {
    const name = await written(
      'wrong.html',
      `<heed-attention></heed-attention><heed-heads text="${text}" model="gpt5"></heed-heads>
       <heed-attention text="${text}" head="99"></heed-attention>
       <heed-attention text="${text}" site="layers.7.self"></heed-attention>
       <heed-attention text="${text}" query="zebra"></heed-attention>
       <heed-translate text="${text}" model="heed-describe"></heed-translate>
       <heed-words words="dog"></heed-words><heed-quiz question="nosuch"></heed-quiz>`,
    )
    await onPage(
      name,
      async (page) => {
        const says = async (at: number) => {
          const element = page.locator('main > *:not(h1)').nth(at)
          await element.scrollIntoViewIfNeeded()
          return element.locator('.notice p').textContent({ timeout: 20_000 })
        }
        expect(await says(0)).toContain('It has no text')
        expect(await says(1)).toContain('no model “gpt5” here; there are heed-describe, heed-en-de')
        expect(await says(2)).toContain('heads are 0 to 3')
        expect(await says(3)).toContain('layers.0.self')
        expect(await says(4)).toContain('“elephant”, “is”')
        expect(await says(5)).toContain('heed-describe does not translate')
        expect(await says(6)).toContain('It needs 2 words or more and has 1')
        expect(await says(7)).toContain('no question “nosuch”')
        const first = page.locator('heed-attention').first()
        await first.evaluate((element, text) => element.setAttribute('text', text), text)
        await first.locator('[role=gridcell]').first().waitFor()
        // Taken out and put in elsewhere, it is there again.
        await first.evaluate((element) => document.body.append(element))
        await page.locator('body > heed-attention [role=gridcell]').first().waitFor()
      },
      { address: plain },
    )
  })

  it('runs with script and models from another origin', async () => {
    const name = await written(
      'other.html',
      `<heed-attention text="${text}" head="0" query="elephant" ask="row"></heed-attention>`,
      { script: `${other}heed/heed.js` },
    )
    await onPage(
      name,
      async (page) => {
        await page.locator('heed-attention').getByRole('button', { name: 'I don’t know' }).click()
        const weights = [...(await attentionOf(0)).subarray(6, 12)]
        expect(await page.locator('heed-attention .numbers b').allTextContents()).toEqual(
          weights.map((x) => weight2(x)),
        )
      },
      { address: plain },
    )
  })

  it('shows its pictures where no script runs', async () => {
    const name = await written('five.html', five)
    await onPage(
      name,
      async (page) => {
        for (const alt of ['The attention map of the sentence.', 'Its heads.', 'Its translation.'])
          expect((await page.getByAltText(alt).boundingBox())!.height).toBeGreaterThan(100)
      },
      { address: plain, javaScriptEnabled: false },
    )
  })
})

it('the studio beside it works in any folder, without isolation, on one thread', () =>
  onPage(
    'heed/',
    async (page) => {
      await page.waitForSelector('#step-7')
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
      expect(await page.textContent('h1')).toContain('of its attention')
      await page.getByRole('button', { name: /^Model:/ }).click()
      expect(await page.locator('.threads').textContent()).toMatch(/one thread/)
    },
    { address: plain },
  ))
