import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import {
  download,
  expectFits,
  headline,
  loseServer,
  onPage,
  params,
  saved,
  seriousViolations,
  useBrowser,
} from './browser'
import { heed } from './server'

useBrowser()

interface Map {
  weights: number[][]
  q: number[][]
  k: number[][]
  scale: number
}
const TEXT = 'The elephant is very large.'
let map: Map

beforeAll(async () => {
  const seen = await heed('see', TEXT, '--json', '--qk', '--site', 'encoder.2.self', '--head', '3')
  map = (JSON.parse(seen) as { maps: Map[] }).maps[0]
})

/** All figures are there, and show the latest answer. */
async function whole(page: Page): Promise<void> {
  await page.waitForSelector('#step-7')
  await page.waitForSelector('[aria-busy="false"]')
  // Figures follow one a frame.
  await page.evaluate(async () => {
    for (let frame = 0; frame < 12; frame++) await new Promise((next) => requestAnimationFrame(next))
  })
}

/** What is written in the cells of the map. */
const cells = (page: Page) => page.locator('[role=gridcell]').allTextContents()

/** A number as it is written: `−1.25`, `2.4·10³`. */
function parse(text: string): number {
  const [mantissa, exponent = ''] = text.replaceAll('−', '-').split('·10')
  const digits = [...exponent]
    .map((digit) => (digit === '⁻' ? '-' : String('⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(digit))))
    .join('')
  return Number(mantissa) * 10 ** Number(digits)
}
/** Within half a unit of the last place that is written. */
const close = (shown: number, expected: number, unit: number) =>
  expect(Math.abs(shown - expected)).toBeLessThanOrEqual(0.51 * unit)

describe('the numbers are the library’s', () => {
  it('every weight of the map, and the readout’s chain', () =>
    onPage('#/step?site=encoder.2.self&head=3&q=7&k=6', async (page) => {
      await whole(page)
      const shown = await cells(page)
      const expected = map.weights.flat()
      expect(shown).toHaveLength(expected.length)
      shown.forEach((text, i) =>
        text === '<.01' ? expect(expected[i]).toBeLessThan(0.0051) : close(Number(text), expected[i], 0.01),
      )
      const [i, j] = [7, 6]
      const product = map.q[i].reduce((sum, x, c) => sum + x * map.k[j][c], 0)
      const score = product * map.scale
      const total = map.k.reduce(
        (sum, k) => sum + Math.exp(map.scale * map.q[i].reduce((dot, x, c) => dot + x * k[c], 0)),
        0,
      )
      const chain = (await page.locator('.readout td.num').allTextContents()).map(parse)
      expect(chain).toHaveLength(5)
      ;[product, score].forEach((x, n) => close(chain[n], x, 0.01))
      // Powers are written with two figures.
      ;[Math.exp(score), total].forEach((x, n) => close(chain[n + 2] / x, 1, 0.1))
      close(chain[4], map.weights[i][j], 0.001)
    }))

  it('the headline says the strongest link of the row, in per cent', () =>
    onPage('#/step?site=encoder.2.self&head=3&q=7', async (page) => {
      await whole(page)
      const row = map.weights[7]
      expect(await headline(page)).toBe(
        `To read large, this head looks at very: ${Math.round(100 * Math.max(...row))}% of its attention.`,
      )
      expect(await page.locator('#step-4 .line').count()).toBe(row.length + 2)
    }))
})

describe('with the keyboard', () => {
  it('arrows go from word to word, from cell to cell, Escape lets go', () =>
    onPage('#/step?site=encoder.2.self&head=3&q=5', async (page) => {
      await whole(page)
      await page.locator('.word[aria-pressed=true]').focus()
      await page.keyboard.press('ArrowRight')
      expect(params(page).q).toBe('6')
      await whole(page)
      expect(await page.locator('.word:focus b').textContent()).toBe('very')

      await page.locator('[role=gridcell][tabindex="0"]').focus()
      await page.keyboard.press('ArrowDown')
      expect(await page.locator('.readout .title').textContent()).toMatch(/^large → is$/)
      await page.keyboard.press('Enter')
      expect(params(page)).toMatchObject({ q: '7', k: '5' })

      const strip = page.locator('#step-3 [role=slider]').first()
      await strip.focus()
      await page.keyboard.press('Home')
      await page.keyboard.press('ArrowRight')
      expect(await strip.getAttribute('aria-valuetext')).toMatch(/^component 1: /)
      expect(await page.locator('#step-3 .readout').textContent()).toMatch(/component 1:/)
      await page.keyboard.press('Enter')
      expect(params(page).c).toBe('1')
      await page.keyboard.press('Escape')
      await page.locator('h1').click()
      await page.keyboard.press('Escape')
      const left = params(page)
      expect([left.q, left.k, left.c]).toEqual([undefined, undefined, undefined])
    }))

  it('letters of the formula lead to their steps', () =>
    onPage('', async (page) => {
      await whole(page)
      await page.getByRole('button', { name: 'values', exact: true }).focus()
      await page.keyboard.press('Enter')
      await expect.poll(async () => (await page.locator('#step-6').boundingBox())!.y).toBeLessThan(300)
    }))
})

describe('changes', () => {
  it('an address holds the whole view', () =>
    onPage('', async (page) => {
      await whole(page)
      await page.getByRole('switch').click()
      await page.getByRole('button', { name: 'sparsemax' }).click()
      await page.getByRole('slider', { name: 'temperature' }).fill('2')
      await page.getByRole('button', { name: 'causal' }).click()
      await page.locator('.word').nth(7).click()
      expect(params(page)).toMatchObject({ scale: '0', norm: 'sparsemax', temp: '2', mask: 'causal', q: '7' })
      await expect.poll(() => page.locator('.changes').textContent()).toMatch(/4 changes · reset/)
      await whole(page)
      const shown = await cells(page)
      const [title, url] = [await headline(page), page.url()]
      await onPage(new URL(url).hash, async (other) => {
        await whole(other)
        expect(await headline(other)).toBe(title)
        expect(await cells(other)).toEqual(shown)
      })

      await page.getByRole('button', { name: 'reset' }).click()
      await expect.poll(() => page.locator('.changes').textContent()).toMatch(/nothing changed/)
      await page.goBack()
      await expect.poll(() => page.locator('.changes').textContent()).toMatch(/4 changes/)
    }))

  it('a link that is forbidden gets nothing', () =>
    onPage('#/step?site=encoder.2.self&head=3&q=7', async (page) => {
      await whole(page)
      await page.getByRole('button', { name: 'draw it' }).click()
      await page.locator('[data-i="7"][data-j="6"]').click()
      await expect
        .poll(() => page.locator('[data-i="7"][data-j="6"]').getAttribute('aria-label'))
        .toBe('forbidden')
      expect(params(page).forbid).toBe('7-6')
      await expect.poll(() => headline(page)).not.toContain('very:')
    }))

  it('another sentence, another head, another model', () =>
    onPage('', async (page) => {
      await whole(page)
      await page.getByRole('button', { name: 'Edit the sentence' }).click()
      await page.getByRole('textbox', { name: 'Sentence' }).fill('I see a dog.')
      await page.keyboard.press('Enter')
      await expect
        .poll(() => page.locator('.word b').allTextContents())
        .toEqual(['I', 'see', 'a', 'dog', '.', 'end'])
      await page.locator('.word').nth(3).dblclick()
      await page.keyboard.type('cat')
      await page.keyboard.press('Enter')
      await expect.poll(() => page.locator('.word b').allTextContents()).toContain('cat')
      expect(params(page)).toMatchObject({ text: 'I see a cat.', site: 'encoder.2.self', head: '3' })
      await page.goBack()
      await page.getByRole('combobox', { name: /^Attention:/ }).click()
      await page.getByRole('option', { name: /decoder\.2\.cross/ }).click()
      await expect.poll(() => page.locator('.output b').textContent()).toBe('Ich sehe einen Hund.')
      await expect.poll(() => headline(page)).toMatch(/^To write /)
      await page.getByRole('button', { name: /^Model:/ }).click()
      await page.getByRole('button', { name: /heed-copy/ }).click()
      await expect.poll(() => params(page).model).toBe('heed-copy')
      await expect.poll(() => page.locator('.word b').count(), { timeout: 10_000 }).toBeGreaterThan(8)
      await whole(page)
      expect(await page.locator('#step-2').textContent()).toContain('turns them by the token’s position')
    }))
})

describe('on every screen', () => {
  it('nothing is wider than the page', () =>
    onPage('', async (page) => {
      await expectFits(page, [1440, 1024, 768, 390, 320], whole)
    }))

  it.each(['light', 'dark'] as const)('%s: axe finds nothing serious', (colorScheme) =>
    onPage(
      '#/step?temp=2',
      async (page) => {
        await whole(page)
        expect(await seriousViolations(page)).toEqual([])
      },
      { colorScheme },
    ),
  )

  it('the theme is chosen with a button and stays', () =>
    onPage('', async (page) => {
      await whole(page)
      await page.getByRole('button', { name: 'Dark theme' }).click()
      await page.reload()
      await whole(page)
      expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe(
        'rgb(19, 19, 22)',
      )
    }))
})

describe('what can be saved', () => {
  it('the map as SVG', () =>
    onPage('', async (page) => {
      await whole(page)
      const { file, text } = await download(page, 'Save as SVG')
      expect(file).toBe('heed-encoder.2.self-3.svg')
      expect(text).toMatch(/^<svg [^]*Encoder 2 reads itself · head 3/)
    }))

  it('the numbers', () =>
    onPage('#/step?site=encoder.2.self&head=3', async (page) => {
      await whole(page)
      const numbers = JSON.parse(await saved(page, 'Save the numbers as JSON')) as Map
      numbers.weights.flat().forEach((w, i) => expect(w).toBeCloseTo(map.weights.flat()[i], 5))
    }))
})

describe('when something is not as it should be', () => {
  it('no sentence, one that is too long, a head that there is not', () =>
    onPage('#/step?text=', async (page) => {
      await page.getByRole('heading', { name: 'No sentence yet' }).waitFor()
      await page.getByRole('button', { name: TEXT }).click()
      await whole(page)
      await page.goto(`${inject('studio')}#/step?text=${'word+'.repeat(2000)}`)
      await page.getByRole('heading', { name: /tokens; this model reads 256/ }).waitFor()
      await page.getByRole('button', { name: 'Read the first 256' }).click()
      await page.waitForSelector('h1')
      await page.goto(`${inject('studio')}#/step?site=encoder.0.self&head=9`)
      await page.getByText('there is no head 9; heads are 0 to 3').waitFor()
      await page.getByRole('button', { name: 'Take another head' }).click()
      await page.waitForSelector('h1')
    }))

  it('a page that there is not', () =>
    onPage('#/nothing', async (page) => {
      await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
      await page.getByRole('link', { name: 'Step by step' }).last().click()
      await whole(page)
    }))

  it('a server that is lost: says so, and goes on when it is back', () => loseServer('', whole))
})
