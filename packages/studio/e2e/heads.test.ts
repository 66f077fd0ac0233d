import { ablate, type Effect, effect, type HeadRow, measureHeads, see } from 'heed/lens'
import { loadModel } from 'heed/models'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { headline, onPage, pageWidth, params, saved, seriousViolations, useBrowser } from './browser'

useBrowser()

const TEXT = 'The elephant is very large.'
const SITE = 'encoder.2.self'
const HERE = `#/heads?site=${SITE}&head=3`

const CROSS = { site: 'decoder.2.cross', head: 1 }
let weights: readonly (readonly number[])[]
let rows: HeadRow[]
let ablated: Effect
/** Of the translation, with its end. */
let tokens: number

/** What the library says of the same. */
beforeAll(async () => {
  using model = await loadModel('heed-en-de')
  const { maps, tokens: seen } = await see(model, TEXT, { sites: SITE, heads: [3] })
  tokens = seen.target!.length
  weights = maps[0].weights
  rows = await measureHeads(model, [TEXT])
  ablated = await effect(model, TEXT, [ablate(CROSS.site, CROSS.head)])
})

/** All heads are there, the large one, and what it is worth. */
async function whole(page: Page): Promise<void> {
  await page.waitForSelector('.thumb')
  await page.waitForSelector('.right .state')
}
const labels = (page: Page) => page.locator('.thumb .hidden').allTextContents()
/** The engine may be about something else first. */
const soon = <T>(what: () => T | Promise<T>) => expect.poll(what, { timeout: 10_000 })
const number = (text: string) => Number(text.replace('−', '-').replace('±', ''))

describe('the numbers are the library’s', () => {
  it('every head by a measure, and the map', () =>
    onPage(`${HERE}&by=effective`, async (page) => {
      await whole(page)
      const shown = await labels(page)
      expect(shown).toHaveLength(36)
      for (const label of shown) {
        const [, site, head, value] = /^(.*), head (\d+); effective keys: (.*)$/.exec(label)!
        const own = rows.find((row) => row.site === site && row.head === Number(head))!
        expect(Math.abs(number(value) - own.means.effective!)).toBeLessThanOrEqual(0.0501)
      }
      const cells = await page.locator('.center [role=gridcell]').allTextContents()
      weights.flat().forEach((w, n) => {
        if (w < 0.095) expect(cells[n]).toBe('')
        else if (w >= 0.1) expect(Math.abs(Number(cells[n]) - w)).toBeLessThanOrEqual(0.0051)
      })
    }))

  it('what a head is worth is the effect of the lens', () =>
    onPage(`#/heads?site=${CROSS.site}&head=${CROSS.head}`, async (page) => {
      await whole(page)
      await page.locator('.worth .measure').first().waitFor()
      const said = await page.locator('.worth .text').allTextContents()
      expect(said[0].trim()).toBe(ablated.output!.before)
      expect(said[1].trim()).toBe(
        ablated.output!.after === ablated.output!.before ? 'the same' : ablated.output!.after,
      )
      const loss = ablated.loss!.after - ablated.loss!.before
      expect(Math.abs(number(await page.locator('.measure .strong').innerText()) - loss)).toBeLessThan(0.0006)
      // Taken out one by one, the same head has the same number.
      const thumb = page.locator('.thumb[aria-pressed=true] .hidden')
      await soon(async () => (await thumb.textContent())!).not.toMatch(/not measured/)
      expect(Math.abs(number(/worth: (.*)$/.exec((await thumb.textContent())!)![1]) - loss)).toBeLessThan(
        0.0006,
      )
    }))
})

describe('heads', () => {
  it('are sorted, coloured and chosen, by pointer and by keys; an address holds it', () =>
    onPage(HERE, async (page) => {
      await whole(page)
      await page.getByRole('combobox', { name: /^Measure:/ }).click()
      await page.getByRole('option', { name: 'on the previous' }).click()
      await page.getByRole('button', { name: 'by measure' }).click()
      await page.getByRole('button', { name: 'the measure', exact: true }).click()
      expect(params(page)).toMatchObject({ by: 'previous', order: 'measure', fill: 'values' })
      expect(await page.locator('.says').textContent()).toMatch(/Weight on the token before.*w_i,i−1/)
      const best = rows.reduce((a, b) => ((b.means.previous ?? -1) > (a.means.previous ?? -1) ? b : a))
      const [first] = await labels(page)
      expect(first).toMatch(`${best.site}, head ${best.head}; on the previous: `)
      await page.locator('.thumb').first().focus()
      await page.keyboard.press('Enter')
      expect(params(page)).toMatchObject({ site: best.site, head: String(best.head) })
      await soon(() => page.locator('.which').textContent()).toMatch(`head ${best.head}`)
      expect(await page.locator('.thumb').first().getAttribute('aria-pressed')).toBe('true')
    }))

  it('by two measures: a mark is a head, arrows go from one to the next', () =>
    onPage(`${HERE}&x=max&y=distance`, async (page) => {
      await whole(page)
      const count = rows.filter(({ means }) => means.distance !== undefined).length
      await soon(() => page.locator('.mark').count()).toBe(count)
      expect(await page.locator('.scatter').textContent()).toMatch(
        new RegExp(`rank correlation [−0-9.]+ over ${count} heads`),
      )
      await page.locator('.mark[tabindex="0"]').focus()
      await page.keyboard.press('ArrowRight')
      const label = (await page.locator('.mark:focus').getAttribute('aria-label'))!
      expect(await page.locator('.scatter .readout').textContent()).toContain(label.split(':')[0])
      await page.keyboard.press('Enter')
      await soon(() => page.locator('.which').textContent()).toContain(label.split(':')[0])
    }))
})

describe('one head', () => {
  it('over words, lines across; arrow keys go from word to word', () =>
    onPage(HERE, async (page) => {
      await whole(page)
      await page.getByRole('button', { name: 'Words', exact: true }).click()
      await soon(() => page.locator('.bright .word b').allTextContents()).toEqual([
        'The',
        'elephant',
        'is',
        'very',
        'large.',
        'end',
      ])
      await page.getByRole('button', { name: 'across' }).click()
      expect(params(page)).toMatchObject({ over: 'words', lines: 'across' })
      await page.locator('.bright .word[aria-pressed=true]').focus()
      await page.keyboard.press('ArrowLeft')
      expect(params(page).q).toBe('2')
      await soon(() => headline(page)).toMatch(/^is looks /)
      await page.keyboard.press('Escape')
      expect(params(page).q).toBeUndefined()
    }))

  it('a link is forbidden by a click in the matrix, on a line, in the list; and the output is told', () =>
    onPage(`${HERE}&q=7`, async (page) => {
      await whole(page)
      await page.getByRole('button', { name: 'Forbid a link' }).click()
      await page.getByText('No link is forbidden yet').waitFor()
      await page.locator('[data-i="7"][data-j="6"]').click()
      expect(params(page)).toMatchObject({ cut: 'link', forbid: '7-6' })
      await soon(() => page.locator('.worth .measure').first().textContent()).toMatch(/Loss/)
      expect(await page.locator('[data-i="7"][data-j="6"]').getAttribute('aria-label')).toBe('forbidden')
      await page.locator('path.hit[data-key="6"]').dispatchEvent('click')
      expect(params(page).forbid).toBeUndefined()
      await page.getByText('No link is forbidden yet').waitFor()
    }))

  it('link by link: a click in the list forbids it; an address holds that', () =>
    onPage(HERE, async (page) => {
      await whole(page)
      await page.locator('.right table button').nth(1).click()
      await soon(() => params(page).forbid).toMatch(/^\d+-\d+/)
      await page.getByRole('status').filter({ hasText: 'link by link' }).waitFor({ state: 'detached' })
      expect(await page.locator('.right tr.on').count()).toBe(1)
      // The change of the whole output's log p is that of its loss, which is the mean over its tokens and the end.
      const nats = number(await page.locator('.right tr.on td.num').nth(1).innerText())
      await soon(() => page.locator('.measure .strong').innerText()).not.toBe('')
      const loss = number(await page.locator('.measure .strong').innerText())
      expect(Math.abs(nats + loss * tokens)).toBeLessThan(0.0005 * tokens + 0.006)
    }))
})

describe('side by side', () => {
  it('two heads: a click chooses the second; both are read from the same word', () =>
    onPage(HERE, async (page) => {
      await whole(page)
      await page.getByRole('button', { name: 'Two heads' }).click()
      await page.getByRole('button', { name: /^encoder\.1\.self, head 1;/ }).click()
      expect(params(page)).toMatchObject({ two: 'heads', site2: 'encoder.1.self', head2: '1' })
      await soon(() => page.locator('.center .which').allTextContents()).toHaveLength(2)
      await soon(() => page.locator('.which').nth(1).textContent()).toMatch(/^e1·1/)
      await page.locator('.bright').nth(1).locator('.word').nth(7).click()
      expect(params(page).q).toBe('7')
      await soon(() => page.locator('.readout .q').allTextContents()).toEqual(['large', 'large'])
      await soon(() => page.locator('.right .worth').count()).toBe(2)
    }))

  it('two sentences, two models', () =>
    onPage(`${HERE}&two=texts&text2=I+see+a+dog.`, async (page) => {
      await whole(page)
      await soon(() => page.locator('.bright').nth(1).locator('.word b').allTextContents()).toEqual([
        'I',
        'see',
        'a',
        'dog',
        '.',
        'end',
      ])
      await page.getByRole('textbox', { name: 'Second sentence' }).fill('You see a cat.')
      await page.keyboard.press('Enter')
      expect(params(page).text2).toBe('You see a cat.')
      await soon(() => page.locator('.bright').nth(1).locator('.word b').allTextContents()).toContain('You')
      await page.getByRole('button', { name: 'Two models' }).click()
      expect(params(page)).toMatchObject({ two: 'models' })
      expect(params(page).text2).toBeUndefined()
      await page.getByRole('combobox', { name: /^Second model:/ }).click()
      await page.getByRole('option', { name: 'heed-describe' }).click()
      await soon(() => page.locator('.which').nth(1).textContent()).toMatch(/^0·\d/)
      await soon(() => page.locator('.right .worth').nth(1).textContent()).toMatch(/elephant/)
    }))
})

describe('for everybody', () => {
  it.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 390],
  ] as const)('%s, %i px: no serious finding, nothing sticks out', (colorScheme, width) =>
    onPage(
      `${HERE}&fill=values&two=heads&site2=decoder.1.cross&head2=0`,
      async (page) => {
        await whole(page)
        await soon(() => page.locator('.which').count()).toBe(2)
        expect(await seriousViolations(page)).toEqual([])
        expect(await pageWidth(page)).toBeLessThanOrEqual(width)
      },
      { colorScheme, viewport: { width, height: 900 } },
    ),
  )

  it('saves pictures and numbers', () =>
    onPage(HERE, async (page) => {
      await whole(page)
      for (const name of ['all heads', 'the map', 'the lines', 'the sentence'])
        expect(await saved(page, `Save ${name} as SVG`)).toMatch(/^<svg[\s\S]*<\/svg>\s*$/)
      const csv = (await saved(page, 'Save the measures as CSV')).trim().split('\n')
      expect(csv).toHaveLength(37)
      const json = JSON.parse(await saved(page, 'Save the numbers as JSON')) as { weights: number[][] }
      json.weights.flat().forEach((w, n) => expect(w).toBeCloseTo(weights.flat()[n], 6))
    }))

  it('no sentence, a head that there is not', () =>
    onPage('#/heads?text=', async (page) => {
      await page.getByRole('heading', { name: 'No sentence yet' }).waitFor()
      await page.goto(`${inject('studio')}#/heads?site=encoder.0.self&head=9`)
      await page.getByText('there is no head 9; heads are 0 to 3').waitFor()
      await page.getByRole('button', { name: 'Take another head' }).click()
      await whole(page)
    }))
})
