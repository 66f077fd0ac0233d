import { capture } from 'heed/lens'
import { weight2, weight3 } from 'heed/look'
import { loadModel } from 'heed/models'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { expectFits, onPage, params, seriousViolations, useBrowser } from './browser'

useBrowser()

/** The row of a word in a head of heed-describe, from the library itself, away from the page. */
async function rowOf(
  head: number,
  { text = 'The elephant is very large.', word = 'elephant' } = {},
): Promise<{ words: string[]; weights: number[] }> {
  const model = await loadModel('heed-describe')
  const seen = await capture(model, text, { sites: ['layers.0.self'] })
  try {
    const words = seen.of!.tokens.source.map(({ text }) => text)
    const at = words.indexOf(word)
    const weights = await seen.map('layers.0.self', head).row(at)
    return { words, weights: [...weights] }
  } finally {
    seen.dispose()
    model.dispose()
  }
}
const gapOf = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, j) => sum + Math.abs(x - b[j]), 0) / 2

const row = (page: Page, kind = 'attention-row') => page.locator(`.figure.${kind}`)
const part = (page: Page) => params(page).part

describe('the painted row', () => {
  it('is painted with the keys, adds up to 1, waits for a guess, and tells the gap to the model', () =>
    onPage('#/learn?part=4', async (page) => {
      const figure = row(page)
      await figure.getByRole('slider').first().waitFor()
      const show = figure.getByRole('button', { name: 'Show', exact: true })
      expect(await show.getAttribute('aria-disabled')).toBe('true')
      await figure.getByRole('slider', { name: 'elephant' }).focus()
      for (const key of [
        'Home',
        'ArrowRight',
        'ArrowRight',
        'ArrowRight',
        'Home',
        'ArrowUp',
        'PageUp',
        'PageUp',
      ])
        await page.keyboard.press(key)
      const shares = await figure
        .getByRole('slider')
        .evaluateAll((columns) => columns.map((column) => Number(column.getAttribute('aria-valuenow'))))
      expect(Math.abs(shares.reduce((a, b) => a + b) - 100)).toBeLessThanOrEqual(3)
      expect([shares[1], shares[4]]).toEqual([0, 45])

      await show.click()
      const { words, weights } = await rowOf(0)
      expect(await figure.locator('.numbers b').allTextContents()).toEqual(weights.map((x) => weight2(x)))
      // The others kept their proportions: even ones.
      const guess = words.map((_, j) => (j === 1 ? 0 : j === 4 ? 0.45 : 0.55 / (words.length - 2)))
      expect(await figure.locator('.why').textContent()).toContain(
        `${Math.round(100 * gapOf(guess, weights))}% of your attention sits elsewhere.`,
      )
      expect(await figure.getByRole('slider').count()).toBe(0)
    }))

  it('who does not know has a flat row; without the scale the row is that of the scores times √16', () =>
    onPage('#/learn?part=7', async (page) => {
      const figure = row(page, 'attention-scale')
      await figure.getByRole('button', { name: 'I don’t know' }).click()
      const { weights } = await rowOf(1)
      const sharp = weights.map((w) => w ** 4)
      const sum = sharp.reduce((a, b) => a + b)
      const truth = sharp.map((w) => w / sum)
      expect(await figure.locator('.numbers b').allTextContents()).toEqual(truth.map((x) => weight2(x)))
      const flat = truth.map(() => 1 / truth.length)
      expect(await figure.locator('.why').textContent()).toContain(
        `A flat row: ${Math.round(100 * gapOf(flat, truth))}% of it sits elsewhere.`,
      )
    }))
})

it('figures follow their own sentence, and leave the address alone', () =>
  onPage('#/learn?part=4', async (page) => {
    const figure = row(page, 'attention-map').nth(1)
    await figure.scrollIntoViewIfNeeded()
    await figure.getByRole('button', { name: 'I don’t know' }).click()
    await figure.getByRole('gridcell').first().waitFor()
    expect(await figure.locator('.readout .title').textContent()).toBe('dog → small')
    expect(await figure.locator('.told').count()).toBe(1)
    await figure.getByRole('textbox').fill('I saw a small dog.')
    await figure.getByRole('textbox').press('Enter')
    const { words, weights } = await rowOf(0, { text: 'I saw a small dog.', word: 'dog' })
    const [i, j] = [words.indexOf('dog'), words.indexOf('small')]
    await expect.poll(() => figure.getByRole('rowheader').allTextContents()).toEqual(words)
    // What was guessed of another sentence is not told of this one.
    expect(await figure.locator('.told').count()).toBe(0)
    await figure.locator(`[data-i="${i}"][data-j="${j}"]`).click()
    expect(await figure.locator('.readout .title').textContent()).toBe('dog → small')
    expect(await figure.locator('.readout .big').textContent()).toBe(weight3(weights[j]))
    expect(params(page)).toEqual({ part: '4' })
  }))

it('the rail leads to parts, keeps what was read, and answers count in the quiz', () =>
  onPage('#/learn', async (page) => {
    await page.getByRole('link', { name: 'Near and far' }).click()
    await expect.poll(() => part(page)).toBe('3')
    await expect.poll(() => page.locator('.rail a[aria-current]').textContent()).toContain('Near and far')
    const question = page.locator('#part-3 .figure.quiz-opposites')
    await question.scrollIntoViewIfNeeded()
    await question.locator('[data-option=nearer]').click()
    await page.keyboard.press('Enter')
    await question.locator('.proof').waitFor({ timeout: 20_000 })
    const kept = await page.evaluate(
      () => [localStorage['heed.quiz'], localStorage['heed.learn']] as string[],
    )
    expect(JSON.parse(kept[0])).toMatchObject({ first: { opposites: true } })
    await expect.poll(() => page.evaluate(() => localStorage['heed.learn'] as string)).toContain('3')
    await page.reload()
    await page.locator('.rail a.done').first().waitFor()
  }))

it.each(['light', 'dark'] as const)(
  '%s: axe finds nothing serious; nothing is wider than a phone',
  (colorScheme) =>
    onPage(
      '#/learn?part=4',
      async (page) => {
        await row(page).getByRole('slider').first().waitFor()
        await row(page).getByRole('button', { name: 'I don’t know' }).click()
        const map = row(page, 'attention-map').first()
        await map.getByRole('button', { name: 'I don’t know' }).waitFor()
        expect(await seriousViolations(page)).toEqual([])
        await map.getByRole('button', { name: 'I don’t know' }).click()
        await map.getByRole('gridcell').first().waitFor()
        expect(await seriousViolations(page)).toEqual([])
        await expectFits(page, [390, 768])
      },
      { colorScheme },
    ),
)
