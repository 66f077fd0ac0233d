import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { onPage, pageWidth, params, seriousViolations, useBrowser } from './browser'

useBrowser()

const bar = (page: Page) => page.getByRole('region', { name: 'Guided tour' })
const title = (page: Page) => bar(page).locator('h2').textContent()

/** Where the step that the tour is at stands on the screen; undefined at the sentence. */
const toured = async (page: Page) => (await page.locator('.toured').boundingBox())?.y

it('goes from stop to stop by button and by key, and shows each place', () =>
  onPage('#/step?site=encoder.2.self&head=3', async (page) => {
    await page.waitForSelector('#step-7')
    await page.getByRole('button', { name: 'Guided tour' }).click()
    await expect.poll(() => title(page)).toBe('One number, and where it comes from')
    expect(await bar(page).textContent()).toMatch(/1 of 12/)
    // The sentence's own words and number.
    const [asks] = /“(.+?)”/.exec((await bar(page).textContent())!)!.slice(1)
    expect(await page.textContent('h1')).toContain(asks)

    await page.getByRole('button', { name: 'Next' }).click()
    expect(params(page)).toMatchObject({ tour: '2', site: 'encoder.2.self', head: '3' })
    for (let n = 3; n <= 6; n++) await page.keyboard.press('ArrowRight')
    await expect.poll(() => title(page)).toBe('What if nobody divides?')
    expect(params(page)).toMatchObject({ tour: '6', scale: '0' })
    await expect.poll(() => page.locator('.changes').textContent()).toMatch(/1 change/)
    await expect.poll(() => toured(page)).toBeLessThan(400)
    expect(await page.locator('.toured').getAttribute('id')).toBe('step-4')

    await page.keyboard.press('ArrowRight')
    await expect.poll(() => page.locator('.changes').textContent()).toMatch(/nothing changed/)
    expect(params(page).scale).toBeUndefined()
    await page.keyboard.press('ArrowLeft')
    await expect.poll(() => params(page).scale).toBe('0')

    // Its place is in the address.
    await page.reload()
    await expect.poll(() => title(page)).toBe('What if nobody divides?')
    await expect.poll(() => toured(page)).toBeLessThan(400)
    await page.goBack()
    await expect.poll(() => title(page)).toBe('Scores become shares')
  }))

it('is left at any stop, with nothing changed, and ends where it began', () =>
  onPage('#/step?site=encoder.2.self&head=3&tour=11', async (page) => {
    await expect.poll(() => title(page)).toBe('What if it may only look back?')
    await expect.poll(() => params(page).mask).toBe('causal')
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByRole('button', { name: 'Back' }).click()
    await expect.poll(() => params(page).mask).toBe('causal')
    await page.getByRole('button', { name: 'Close the tour' }).click()
    await expect.poll(() => params(page)).toEqual({ site: 'encoder.2.self', head: '3' })
    expect(await bar(page).count()).toBe(0)
    await page.getByRole('button', { name: 'Guided tour' }).click()
    await page.keyboard.press('Escape')
    await expect.poll(() => bar(page).count()).toBe(0)
    // Arrow keys that belong to something else stay there.
    await page.getByRole('button', { name: 'Guided tour' }).click()
    await page.locator('.word[aria-pressed=true]').focus()
    await page.keyboard.press('ArrowRight')
    expect(params(page).tour).toBe('1')
  }))

it('of a model that looks back by itself takes the mask away', () =>
  onPage('#/step?model=heed-copy&tour=10', async (page) => {
    await expect.poll(() => title(page)).toBe('The same for every word')
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => title(page)).toBe('What if it saw what comes?')
    expect(params(page).mask).toBe('none')
  }))

it.each([
  ['light', 1440],
  ['dark', 390],
] as const)('%s, %i px: nothing serious, nothing wider than the page', (colorScheme, width) =>
  onPage(
    '#/step?tour=6',
    async (page) => {
      await bar(page).waitFor()
      expect(await pageWidth(page)).toBe(width)
      expect(await seriousViolations(page)).toEqual([])
    },
    { colorScheme, viewport: { width, height: 844 } },
  ),
)
