import { loadModel } from 'heed/models'
import { capture } from 'heed/lens'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectFits, onPage, params, saved, seriousViolations, useBrowser } from './browser'

useBrowser()

/** Made-up words, every sentence twice: a sample of the page itself. */
const TOKENS = 4001
const SAMPLE = '#/long?model=heed-copy&doc=sample-4000'
/** Of the text behind that name, as the page gives it. */
let text = ''
let weights: Float32Array

beforeAll(async () => {
  const { sample } = await import('../src/pages/long/sample')
  text = sample('sample-4000')
  const model = await loadModel('heed-copy')
  const seen = await capture(model, text, { sites: ['layers.1.self'] })
  weights = await seen.map('layers.1.self', 0).tile()
  seen.dispose()
  model.dispose()
})

const weight = (query: number, key: number) => weights[query * TOKENS + key]

/** All tiles of the view are there, and all links. */
async function whole(page: Page): Promise<void> {
  await page.waitForSelector('.picture canvas')
  await page.waitForFunction(
    () =>
      /^a pixel is [^,]*$/.test(document.querySelector('.legend .cap')!.textContent.trim()) &&
      document.querySelector('.progress')!.textContent.trim().startsWith('of '),
  )
  await page.waitForTimeout(400)
}

/** px of the picture's corner on the screen, and its side. */
async function picture(page: Page) {
  const box = (await page.locator('.picture canvas').boundingBox())!
  return { x: box.x + 104, y: box.y + 84, side: box.width - 104 - 8 }
}

const readout = async (page: Page) => (await page.locator('.readout').textContent())!.replace(/\s+/g, ' ')
const shownWeight = async (page: Page) => Number(await page.locator('.readout .big').textContent())

describe('the numbers are the library’s', () => {
  it('of a link of the list, of a pixel that is pointed at, and of cells on the screen', () =>
    onPage(SAMPLE, async (page) => {
      await whole(page)
      let strongest = { query: 0, key: 0, weight: 0 }
      for (let query = 0; query < TOKENS; query++)
        for (let key = 1; key <= query - 8; key++)
          if (weight(query, key) > strongest.weight) strongest = { query, key, weight: weight(query, key) }
      const first = page.locator('.list button').first()
      expect(Number(await first.locator('.weight').textContent())).toBeCloseTo(strongest.weight, 3)
      await first.click()
      await expect.poll(() => params(page).link).toBe(`${strongest.query}-${strongest.key}`)
      await expect.poll(() => shownWeight(page)).toBeCloseTo(strongest.weight, 3)
      await expect.poll(() => params(page).zoom).toBe('20')

      await page.getByRole('button', { name: 'Whole map' }).click()
      await whole(page)
      const { x, y, side } = await picture(page)
      await page.mouse.move(x + 0.4 * side, y + 0.6 * side)
      const block = /queries ([\d,]+) to ([\d,]+), keys ([\d,]+) to ([\d,]+): largest weight (<?[\d.]+)/
      await expect.poll(() => readout(page)).toMatch(block)
      const [, ...said] = block.exec(await readout(page))!
      const [top, bottom, left, right, largest] = said.map((n) => Number(n.replace(/[,<]/g, '')))
      expect([bottom - top, right - left]).toEqual([7, 7])
      let most = 0
      for (let i = top; i <= bottom; i++)
        for (let j = left; j <= right; j++) most = Math.max(most, weight(i, j))
      expect(Math.abs(most - largest)).toBeLessThan(0.0011)
      await expect.poll(() => readout(page)).toMatch(/asks, token/)
    }))

  it('what can be saved: the whole map, the cells in view, the links', () =>
    onPage(`${SAMPLE}&at=1200-1150&zoom=20`, async (page) => {
      await whole(page)
      const links = JSON.parse(await saved(page, 'Save the strongest links as JSON')) as {
        links: { query: number; key: number; weight: number }[]
      }
      expect(links.links.length).toBe(24)
      for (const { query, key, weight: w } of links.links) expect(w).toBeCloseTo(weight(query, key), 5)
      expect(await saved(page, 'Save the cells in view as SVG')).toMatch(/^<svg [^]*layers\.1\.self · head 0/)
      await page.getByRole('button', { name: 'Whole map' }).click()
      await whole(page)
      expect(await saved(page, 'Save the whole map as SVG')).toMatch(
        /^<svg [^]*4,001 queries by 4,001 keys\. Each cell is the largest of up to 8 × 8/,
      )
    }))
})

describe('a text', () => {
  it('is typed, counted with its cost, read, and stays over a reload', () =>
    onPage('#/long?model=heed-copy', async (page) => {
      const field = page.getByRole('textbox', { name: 'Text' })
      await field.fill('Vixo jumps. The zebra Vixo jumps.')
      await expect.poll(() => page.locator('.cost').textContent()).toMatch(/34 tokens for heed-copy/)
      expect(await page.locator('.cost').textContent()).toMatch(
        /Takes \d+ KB of memory: q, k and two numbers a row/,
      )
      await page.getByRole('button', { name: 'Read it' }).click()
      await whole(page)
      expect(params(page).text).toBe('Vixo jumps. The zebra Vixo jumps.')

      await page.getByRole('button', { name: 'Another text' }).click()
      await page.setInputFiles('input[type=file]', {
        name: 'zebra.txt',
        mimeType: 'text/plain',
        buffer: Buffer.from(text.slice(0, 3000).repeat(2)),
      })
      await expect.poll(() => page.locator('.what').textContent()).toBe('zebra.txt: 6,000 characters')
      await page.getByRole('button', { name: 'Read it' }).click()
      await whole(page)
      await page.reload()
      await whole(page)
      expect(await page.locator('.over').textContent()).toContain('zebra.txt: 6,001 tokens')
    }))

  it('is pasted or dropped; what is no text is refused', () =>
    onPage('#/long?model=heed-copy', async (page) => {
      await page.getByRole('textbox', { name: 'Text' }).waitFor()
      await page.evaluate((text) => {
        const data = new DataTransfer()
        data.setData('text/plain', text)
        const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
        document.querySelector('textarea')!.dispatchEvent(paste)
      }, text.repeat(3))
      await expect.poll(() => page.locator('.what').textContent()).toBe('12,000 characters')
      await page.evaluate(() => {
        const data = new DataTransfer()
        data.items.add(new File([new Uint8Array([255, 254, 0, 200])], 'picture.png'))
        document
          .querySelector('.drop')!
          .dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }))
      })
      await expect.poll(() => page.locator('.cost').textContent()).toContain('picture.png is not a text')
    }))

  it('longer than the model is refused with the number, and read with another one or in part', () =>
    onPage('#/long?model=heed-en-de&doc=sample-4000', async (page) => {
      await page.getByRole('heading', { name: /^[\d,]+ tokens; heed-en-de reads 256$/ }).waitFor()
      await page.getByRole('button', { name: 'Open heed-copy' }).click()
      await whole(page)
      expect(params(page)).toEqual({ model: 'heed-copy', doc: 'sample-4000' })
      await page.goBack()
      await page.getByRole('button', { name: 'Read the first 256' }).click()
      await page.waitForSelector('.picture canvas')
      expect(await page.locator('.over').textContent()).toContain('256 tokens')
    }))

  it('that is not in this tab is asked for', () =>
    onPage('#/long?model=heed-copy&doc=0123456789a', async (page) => {
      await page.getByRole('heading', { name: 'The text of this address is not here' }).waitFor()
      await page.getByRole('button', { name: 'Take another text' }).click()
      await page.getByRole('textbox', { name: 'Text' }).waitFor()
    }))

  it('reading is stopped at once, and the text is kept', () =>
    onPage('#/long?model=heed-copy&doc=sample-40000', async (page) => {
      await page.getByText(/[\d,]+ read/).waitFor()
      await page.getByRole('button', { name: 'Stop' }).click()
      await expect.poll(() => page.locator('.what').textContent()).toBe('40,000 characters')
      // The engine is free for another one.
      await page.getByRole('button', { name: 'Take it out' }).click()
      await page.getByRole('textbox', { name: 'Text' }).fill('Vixo jumps.')
      await page.getByRole('button', { name: 'Read it' }).click()
      await whole(page)
    }))
})

describe('the map', () => {
  it('with wheel, pointer and keys', () =>
    onPage(SAMPLE, async (page) => {
      await whole(page)
      const { x, y, side } = await picture(page)
      await page.mouse.move(x + 0.25 * side, y + 0.75 * side)
      await page.mouse.wheel(0, -2000)
      await whole(page)
      await expect.poll(() => Number(params(page).zoom)).toBeGreaterThan(10)
      // What was under the pointer still is.
      const [query, key] = params(page).at.split('-').map(Number)
      expect(Math.abs(query - 3000)).toBeLessThan(60)
      expect(Math.abs(key - 1000)).toBeLessThan(60)
      await page.mouse.down()
      await page.mouse.move(x + 0.25 * side + 100, y + 0.75 * side, { steps: 4 })
      await page.mouse.up()
      await expect.poll(() => Number(params(page).at.split('-')[1])).toBeLessThan(key - 3)

      await page.locator('.picture').focus()
      await page.keyboard.press('0')
      await expect.poll(() => params(page).zoom).toBeUndefined()
      await page.mouse.move(5, 5)
      await page.keyboard.press('+')
      await expect.poll(() => Number(params(page).zoom)).toBeGreaterThan(0.2)
      await page.keyboard.press('ArrowDown')
      await expect.poll(() => readout(page)).toMatch(/^ ?queries /)
      await page.keyboard.press('Enter')
      await expect.poll(() => params(page).link).toMatch(/^\d+-\d+$/)
      await page.keyboard.press('Escape')
      await expect.poll(() => params(page).link).toBeUndefined()
    }))

  it('another head, pooling, scale and distance are in the address, which holds the whole view', () =>
    onPage(SAMPLE, async (page) => {
      await whole(page)
      await page.getByRole('button', { name: 'mean', exact: true }).click()
      await page.getByRole('button', { name: 'logarithmic' }).click()
      await page.getByRole('combobox', { name: /^Head/ }).click()
      await page.getByRole('option', { name: 'Head 2' }).click()
      await page.getByRole('combobox', { name: /^at least/ }).click()
      await page.getByRole('option', { name: '512 tokens' }).click()
      await whole(page)
      expect(params(page)).toMatchObject({ pool: 'mean', scale: 'log', head: '2', apart: '512' })
      expect(await page.locator('.legend').first().textContent()).toMatch(
        /mean of 8 × 8 weights.*mean weight, logarithmic axis.*≤10⁻⁶/s,
      )
      const apart = await page.locator('.list .apart').allTextContents()
      expect(apart.every((n) => Number(n.replaceAll(',', '')) >= 512)).toBe(true)
      const links = await page.locator('.list').textContent()
      await page.reload()
      await whole(page)
      expect(await page.locator('.list').textContent()).toBe(links)
    }))

  it('does it matter: the loss with the head and without', () =>
    onPage('#/long?model=heed-copy&text=Vixo+jumps.+The+zebra+Vixo+jumps.', async (page) => {
      await whole(page)
      await page.getByRole('button', { name: 'Read without head 0' }).click()
      await expect
        .poll(() => page.locator('.found').textContent())
        .toMatch(/Loss \d\.\d+ → \d\.\d+ nats a token/)
    }))
})

describe('on every screen', () => {
  it('nothing is wider than the page', () =>
    onPage(SAMPLE, async (page) => {
      await expectFits(page, [1440, 1024, 768, 390, 320], whole)
    }))

  it.each(['light', 'dark'] as const)('%s: axe finds nothing serious', (colorScheme) =>
    onPage(
      `${SAMPLE}&at=1200-1150&zoom=20&link=1200-1150`,
      async (page) => {
        await whole(page)
        expect(await seriousViolations(page)).toEqual([])
        await page.getByRole('button', { name: 'Another text' }).click()
        await page.locator('.drop').waitFor()
        expect(await seriousViolations(page)).toEqual([])
      },
      { colorScheme },
    ),
  )
})
