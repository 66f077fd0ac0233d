import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import {
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

type Matrix = number[][]
interface Similar {
  cosine: Matrix
  angular: Matrix
  euclidean: Matrix
  dot: Matrix
  among: number
  nearest: { word: string; found: { word: string; value: number }[] }[]
}
let similar: Similar
let analogy: { found: { word: string; value: number }[] }

/** What the command says of the same words. */
beforeAll(async () => {
  const run = async (...args: string[]) =>
    JSON.parse(await heed('similar', ...args, '--model', 'heed-en-de', '--json'))
  similar = await run('dog', 'cat', 'television', '--nearest', '10')
  analogy = await run('--analogy', 'went', 'go', 'come')
})

const TIMEOUT = 25_000

/** The first answers are there. */
async function whole(page: Page): Promise<void> {
  await page.waitForSelector('.cards output:not(:empty)', { timeout: TIMEOUT })
}
const parse = (text: string) => Number(text.replaceAll('−', '-').replace(/[°+]/g, ''))
const list = (page: Page, label: string | RegExp) => page.getByRole('list', { name: label })
const items = async (page: Page, label: string | RegExp) => {
  const [names, values] = [list(page, label).locator('.word'), list(page, label).locator('.num')]
  return { names: await names.allTextContents(), values: (await values.allTextContents()).map(parse) }
}

/** Small, so that it is open at once. */
const SMALL = '#/words?model=heed-describe'

describe('the numbers are the library’s', () => {
  it('every pair by every measure, neighbours, arithmetic; what is saved', () =>
    onPage('#/words', async (page) => {
      await whole(page)
      const rows = page.locator('.side tbody tr')
      const pairs = [
        [0, 1],
        [0, 2],
        [1, 2],
      ] as const
      for (const [n, [a, b]] of pairs.entries()) {
        const cells = (await rows.nth(n).locator('td .num').allTextContents()).map(parse)
        const degrees = (similar.angular[a][b] * 180) / Math.PI
        const expected = [
          similar.cosine[a][b],
          degrees,
          similar.euclidean[a][b],
          undefined,
          similar.dot[a][b],
        ]
        expected.forEach((x, i) => x !== undefined && expect(cells[i]).toBeCloseTo(x, i === 1 ? 0.9 : 1.9))
      }
      // Which is nearer is what the numbers say.
      const [cat, television] = [similar.cosine[0][1], similar.cosine[0][2]]
      const [near, far] = cat > television ? ['cat', 'television'] : ['television', 'cat']
      expect(await headline(page)).toContain(`dog lies nearer to ${near} than to ${far}: cosine`)
      const { names, values } = await items(page, 'Neighbours of dog')
      const [{ found }] = similar.nearest
      expect(names).toEqual(found.map(({ word }) => word))
      values.forEach((value, n) => expect(value).toBeCloseTo(found[n].value, 1.9))
      expect(await page.locator('.cards output').textContent()).toBe(analogy.found[0].word)
      const sums = await items(page, /^nearest to the result/)
      expect(sums.names).toEqual(analogy.found.map(({ word }) => word))
      expect(await page.locator('.pane footer').textContent()).toContain(
        `${similar.among.toLocaleString('en')} whole words`,
      )

      await page.getByRole('button', { name: 'Euclidean' }).click()
      await page.getByRole('button', { name: 'cat', exact: true }).first().click()
      expect(params(page)).toEqual({ by: 'euclidean', of: 'cat' })
      await expect.poll(() => headline(page)).toMatch(/^cat lies nearer to .*: Euclidean/)
      await expect.poll(async () => (await items(page, 'Neighbours of cat')).names.length).toBe(10)
      await page.goBack()
      await expect.poll(() => headline(page)).toMatch(/^dog lies nearer/)

      expect(await saved(page, 'Save the map as SVG')).toMatch(/^<svg [^]*television/)
      expect((await saved(page, 'Save all words and places as CSV')).split('\n')).toHaveLength(
        similar.among + 2,
      )
      const numbers = JSON.parse(await saved(page, 'Save the numbers as JSON')) as {
        pairs: { cosine: number }[]
      }
      expect(numbers.pairs[0].cosine).toBeCloseTo(similar.cosine[0][1], 9)
    }))
})

describe('the map', () => {
  it('finds a word, flies to it, zooms and moves; the address holds the view', () =>
    onPage(SMALL, async (page) => {
      await whole(page)
      const field = page.getByRole('combobox', { name: 'Find a word' })
      await field.fill('elephant')
      expect(await page.getByRole('option').first().textContent()).toContain('elephant')
      await page.keyboard.press('Enter')
      await expect.poll(() => params(page).words).toBe('dog,cat,television,elephant')
      await expect.poll(() => params(page).view).toMatch(/_4$/)
      await expect.poll(() => headline(page)).toMatch(/^Of the words chosen /)
      expect(await page.locator('.side tbody tr').count()).toBe(6)

      const map = page.getByRole('application', { name: /^Map of / })
      const k = () => Number(params(page).view?.split('_')[2] ?? 1)
      await map.focus()
      await page.keyboard.press('+')
      await expect.poll(k).toBe(6)
      const before = params(page).view
      await page.keyboard.press('ArrowRight')
      await expect.poll(() => params(page).view).not.toBe(before)
      const middle = await page.locator('.readout b').textContent()
      await page.keyboard.press('Enter')
      await expect.poll(() => params(page).of).toBe(middle)
      await page.keyboard.press('0')
      await expect.poll(() => params(page).view).toBeUndefined()

      const box = (await map.boundingBox())!
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
      await page.mouse.wheel(0, -400)
      await expect.poll(k).toBeGreaterThan(1.5)
      const zoomedIn = params(page).view
      await page.mouse.down()
      await page.mouse.move(box.x + box.width / 2 + 90, box.y + box.height / 2 - 40, { steps: 4 })
      await page.mouse.up()
      await expect.poll(() => params(page).view).not.toBe(zoomedIn)
      await page.getByRole('button', { name: 'Show all words' }).click()
      await expect.poll(() => params(page).view).toBeUndefined()
    }))

  it('commit, then see: a word is put somewhere, and then shown where it is', () =>
    onPage(SMALL, async (page) => {
      await whole(page)
      await page.getByRole('button', { name: 'Guess where television lies' }).click()
      expect(await headline(page)).toBe('Where does television belong?')
      expect(await page.locator('.side td', { hasText: '?' }).count()).toBe(10)
      const handle = page.getByRole('button', { name: /^television: drag it/ })
      await handle.focus()
      await page.keyboard.press('ArrowDown')
      const first = params(page).put
      expect(first).toMatch(/_/)
      const at = (await handle.boundingBox())!
      await page.mouse.move(at.x + 20, at.y + 10)
      await page.mouse.down()
      await page.mouse.move(at.x + 80, at.y + 90, { steps: 3 })
      await page.mouse.up()
      await expect.poll(() => params(page).put).not.toBe(first)
      await page.getByRole('button', { name: 'Show where it is' }).click()
      expect(await page.locator('.bar[role=status]').textContent()).toMatch(
        /lie nearer to television than where you put it/,
      )
      expect(await headline(page)).toMatch(/^dog lies nearer/)
      await page.getByRole('button', { name: 'Done' }).click()
      expect(params(page)).toEqual({ model: 'heed-describe' })
    }))
})

describe('arithmetic and axioms', () => {
  it('other words, another factor, and every axiom with both its sides', () =>
    onPage(SMALL, async (page) => {
      await whole(page)
      await page.getByRole('textbox', { name: 'from this word' }).fill('boys')
      await page.getByRole('textbox', { name: 'this one is taken away' }).fill('boy')
      await page.getByRole('textbox', { name: 'and this one is added' }).fill('girl')
      await page.keyboard.press('Enter')
      await expect
        .poll(() => page.locator('.figure svg').first().getAttribute('aria-label'))
        .toMatch(/^boys minus boy/)
      const found = await items(page, /^nearest to the result/)
      expect(await page.locator('.cards output').textContent()).toBe(found.names[0])
      expect(found.names).not.toContain('girl')
      expect(params(page).calc).toBe('boys,boy,girl')

      await page.getByRole('slider', { name: 'What x is scaled by' }).fill('-0.5')
      await expect.poll(() => list(page, /^nearest to −0.50 x/).count()).toBe(1)
      await expect.poll(() => page.locator('#arrows ~ .cap').textContent()).toContain('turns the arrow round')

      await page.getByText('Show the definition').click()
      await expect.poll(() => page.locator('.axiom').count()).toBe(8)
      expect(params(page).axioms).toBe('1')
      expect(await page.locator('.axioms .verdict').textContent()).toMatch(/^all eight rules hold/)
      await page.getByRole('slider', { name: 's', exact: true }).fill('0.1')
      await expect.poll(() => params(page).s).toBe('0.1')
      await page.locator('.axiom summary').nth(6).click()
      expect(await page.locator('.axiom[open] [role=img]').count()).toBe(2)
      await expect.poll(() => page.locator('.axiom[open] .cap').textContent()).toMatch(/^64 numbers each/)
    }))
})

describe('on every screen', () => {
  it('nothing is wider than the page, and axe finds nothing serious, in light and dark', () =>
    onPage(`${SMALL}&axioms=1`, async (page) => {
      await whole(page)
      await expectFits(page, [1440, 1200, 1024, 768, 390, 320], (page) =>
        page.evaluate(() => new Promise<void>((next) => requestAnimationFrame(() => next()))),
      )
      await page.getByRole('button', { name: 'Guess where television lies' }).click()
      expect(await seriousViolations(page)).toEqual([])
      await page.getByRole('button', { name: 'Dark theme' }).click()
      expect(await seriousViolations(page)).toEqual([])
    }))
})

describe('when something is not as it should be', () => {
  it('words that cannot be spelt, none at all, and a model without words', () =>
    onPage(`${SMALL}&words=`, async (page) => {
      await whole(page)
      expect(await headline(page)).toMatch(/words, as the model places them$/)
      await page.getByRole('button', { name: 'dog, cat and television' }).click()
      await expect.poll(() => headline(page)).toMatch(/^dog lies/)
      await page.goto(`${inject('studio')}#/words?model=heed-describe&words=dog,xyzzy`)
      await expect
        .poll(() => page.locator('.notes').textContent(), { timeout: TIMEOUT })
        .toContain('"xyzzy" is unknown to this vocabulary')
      await page.goto(`${inject('studio')}#/words?model=heed-copy`)
      await page.getByRole('heading', { name: 'heed-copy has no words of its own' }).waitFor()
      await page.getByRole('button', { name: 'heed-en-de' }).last().click()
      await page.waitForSelector('#axioms', { timeout: TIMEOUT })
      await page.goto(`${inject('studio')}#/words?words=dog,hippopotamus`)
      await expect.poll(() => page.locator('.notes').textContent()).toMatch(/mean of its \d pieces/)
    }))

  it('a server that is lost says so, and goes on when it is back', () => loseServer(SMALL, whole))
})
