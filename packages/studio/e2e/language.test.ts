import type { Page } from 'playwright-core'
import { describe, expect, inject, it } from 'vitest'
import { expectFits, newPage, onPage, params, seriousViolations, useBrowser } from './browser'

useBrowser()

const HEAD = '#/step?site=encoder.2.self&head=3&q=6'

/** What the page is written in. */
const language = (page: Page) => page.evaluate(() => document.documentElement.lang)
const heading = (page: Page, name: RegExp) => page.getByRole('heading', { level: 1, name }).waitFor()

async function choose(page: Page, from: string, to: string): Promise<void> {
  await page.getByRole('button', { name: from }).click()
  await page.getByRole('button', { name: to, exact: true }).click()
}

describe('a language', () => {
  it('is switched while one looks, and the view stays', () =>
    onPage(HEAD, async (page) => {
      await heading(page, /^To read very, this head looks/)
      const { lang, ...view } = params(page)
      expect(lang).toBeUndefined()
      const cells = page.locator('[role=gridcell]')
      // The map comes some frames after the headline.
      await cells.first().waitFor()
      const weights = await cells.allTextContents()

      await choose(page, 'Language: English', 'Deutsch')
      await heading(page, /^Um very zu lesen, sieht dieser Kopf/)
      expect(await language(page)).toBe('de')
      expect(await page.title()).toBe('Schritt für Schritt · heed')
      expect(params(page)).toEqual({ ...view, lang: 'de' })
      expect(await cells.allTextContents()).toEqual(weights)

      // It stays: in links, in the address, over a reload.
      await page.getByRole('link', { name: 'Quiz' }).click()
      await page.getByRole('navigation', { name: 'Fragen' }).waitFor()
      expect(params(page).lang).toBe('de')
      await page.goto(inject('studio') + HEAD)
      await heading(page, /^Um very zu lesen/)
      expect(params(page).lang).toBe('de')

      await choose(page, 'Sprache: Deutsch', 'English')
      await heading(page, /^To read very/)
      expect([await language(page), params(page).lang]).toEqual(['en', 'en'])
      await page.reload()
      await heading(page, /^To read very/)
    }))

  it('stands in a link that is shared, and is not kept by who only opened it', () =>
    onPage(`${HEAD}&lang=de`, async (page) => {
      await heading(page, /^Um very zu lesen/)
      // Links of the page lead on in that language.
      await page.evaluate(() => (location.hash = '#/words'))
      await page.getByRole('link', { name: 'Wörter', exact: true }).waitFor()
      expect(params(page)).toEqual({ lang: 'de' })
      await page.goBack()
      await heading(page, /^Um very zu lesen/)
      expect(await page.evaluate(() => localStorage.getItem('heed.language'))).toBeNull()
    }))

  it('is the browser’s where nobody has chosen, and then not in the address', async () => {
    await onPage(
      HEAD,
      async (page) => {
        await heading(page, /^Um very zu lesen/)
        expect(params(page).lang).toBeUndefined()
      },
      { locale: 'de-AT' },
    )
    // A language that there is none of.
    await onPage(
      `${HEAD}&lang=xx`,
      async (page) => {
        await heading(page, /^To read very/)
        expect(await language(page)).toBe('en')
      },
      { locale: 'fr-FR' },
    )
  })

  it('that does not come leaves the one that is there, and says what to do', async () => {
    const { page } = await newPage()
    await page.route(/\/de-[^/]*\.js$/, (route) => route.abort())
    await page.goto(inject('studio') + HEAD)
    await heading(page, /^To read very/)
    await choose(page, 'Language: English', 'Deutsch')
    await page.getByRole('alert').filter({ hasText: 'load the page anew' }).waitFor()
    expect([await language(page), params(page).lang]).toEqual(['en', undefined])
    await page.context().close()
  })

  it('of the article is the reader’s', () =>
    onPage('#/learn?lang=de&part=2', async (page) => {
      await page.locator('article[lang=de] h1').waitFor()
      expect(await page.locator('article h1').textContent()).toContain('vom Wort zur Bedeutung')
      // The same part of the other one.
      await page.evaluate(() => (location.hash = '#/learn?lang=en&part=2'))
      await page.locator('article[lang=en] h1').waitFor()
      await page.waitForFunction(
        () => Math.abs(document.querySelector('#part-2')!.getBoundingClientRect().top) < 200,
      )
      expect(params(page).part).toBe('2')
    }))
})

describe.each([
  ['step', 1440, 'light'],
  ['step', 390, 'dark'],
  ['quiz', 390, 'light'],
] as const)('German, %s, %i px, %s', (name, width, colorScheme) => {
  it('nothing serious, nothing wider than the page', () =>
    onPage(
      `#/${name}?lang=de`,
      async (page) => {
        await page.waitForSelector(name === 'step' ? '#step-7' : '.opt')
        await expectFits(page, [width])
        expect(await seriousViolations(page)).toEqual([])
      },
      { viewport: { width, height: 844 }, colorScheme },
    ))
})
