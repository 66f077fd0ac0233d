import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { expectFits, headline, onPage, params, saved, seriousViolations, useBrowser } from './browser'
import { heed } from './server'

useBrowser()

const TEXT = 'The elephant is very large.'
const COPY = '#/write?model=heed-copy&text=abcdefg+abc'

interface Seen {
  output: string
  maps: { head: number; weights: number[][] }[]
}
let seen: Seen
beforeAll(async () => {
  // The layer that the model's settings name, where the page opens.
  seen = JSON.parse(await heed('see', TEXT, '--json', '--site', 'decoder.2.cross')) as Seen
})

/** What is awaited comes from the engine, on a machine that may be busy. */
const eventually = <T>(read: () => T, { timeout = 15_000 } = {}) => expect.poll(read, { timeout })

/** The answers to all that was asked are shown. */
async function whole(page: Page): Promise<void> {
  await page.waitForSelector('h1')
  await page.waitForSelector('[aria-busy="true"]', { state: 'detached' })
}
const source = (page: Page) => page.locator('.words.source .word')
const target = (page: Page) => page.locator('.words.target .word')
const labels = (words: ReturnType<typeof source>) => words.locator('b').allTextContents()
const tokens = (page: Page) => page.getByRole('toolbar', { name: 'The text so far' }).getByRole('button')
const candidates = (page: Page) => page.getByRole('button', { name: /^Take / })

describe('a translation', () => {
  it('has the library’s words and weights, head by head', () =>
    onPage('#/write?unit=tokens&head=2&q=2', async (page) => {
      await whole(page)
      await page.waitForSelector('#matter')
      expect(await page.locator('.outputs').textContent()).toContain(seen.output)
      const weights = await page.locator('.words.source .weight').allTextContents()
      const row = seen.maps[2].weights[2]
      expect(weights).toHaveLength(row.length)
      weights.forEach((text, j) =>
        text === '<.01'
          ? expect(row[j]).toBeLessThan(0.0051)
          : expect(Math.abs(Number(text) - row[j])).toBeLessThan(0.0051),
      )
    }))

  it('a word of it is read with a click or with arrow keys; Escape lets go', () =>
    onPage('#/write', async (page) => {
      await whole(page)
      await page.waitForSelector('#matter')
      expect(await labels(source(page))).toEqual(['The', 'elephant', 'is', 'very', 'large', '.', 'end'])
      expect(await labels(target(page))).toEqual(['Der', 'Elefant', 'ist', 'sehr', 'groß', '.', 'end'])
      expect(await headline(page)).toMatch(/^To write groß, the decoder looks at large: \d\d%/)
      await target(page).nth(4).click()
      expect(await headline(page)).toMatch(/^To write groß, the decoder looks (most )?at large/)
      await page.keyboard.press('ArrowLeft')
      expect(await headline(page)).toMatch(/^To write sehr, /)
      expect(await page.locator('.readout').textContent()).toMatch(/^\s*sehr looks at\s+very 0\.\d\d/)
      await target(page).nth(0).hover()
      expect(await page.locator('.readout').textContent()).toMatch(/^\s*Der looks at\s+The 0\.\d\d/)
      await page.keyboard.press('Escape')
      expect(params(page).q).toBeUndefined()
    }))

  it('greedy or by beams, and another sentence', () =>
    onPage('#/write?text=I+see+a+dog.', async (page) => {
      await whole(page)
      await page.getByRole('button', { name: 'greedy' }).click()
      expect(params(page).beam).toBe('1')
      await page.getByText('tokens appear as they are made').waitFor()
      await page.getByRole('button', { name: 'Edit the sentence' }).click()
      await page.getByRole('textbox', { name: 'Sentence' }).fill('I see a cat.')
      await page.keyboard.press('Enter')
      await eventually(() => labels(source(page))).toContain('cat')
      await whole(page)
      const greedy = (await heed('translate', 'I see a cat.', '--beam', '1')).trim()
      await eventually(() => page.locator('.outputs').textContent()).toContain(greedy)
      const shown = (await candidates(page).count()) + (await page.locator('.candidates .line').count())
      expect(shown).toBe(9)
    }))
})

describe('does it matter?', () => {
  it('a source word, and a link, are forbidden with a click; before and after stand side by side', () =>
    onPage('#/write?text=The+old+man+reads+a+good+book.&q=2', async (page) => {
      await whole(page)
      await page.getByRole('button', { name: 'Forbid Mann → man' }).click()
      expect(params(page).forbid).toBe('2-2')
      const changed = 'forbid:decoder.*.cross:2>2'
      const after = (await heed('translate', 'The old man reads a good book.', '--with', changed)).trim()
      await eventually(() => page.locator('.outputs').textContent()).toContain(after)
      expect(await page.locator('figure').count()).toBe(2)
      expect(await page.locator('figure').nth(1).locator('.differs b').allTextContents()).toEqual(['Buch'])
      await page.locator('figure').nth(0).locator('.words.source .word').nth(1).click()
      expect(params(page).hide).toBe('1')
      await page.getByRole('button', { name: '2 forbidden · reset' }).click()
      await eventually(() => page.locator('figure').count()).toBe(1)
      await page.goBack()
      await eventually(() => page.locator('figure').count()).toBe(2)
    }))
})

describe('a text that is gone on with', () => {
  it('step by step, with a token that is picked; the address holds it', () =>
    onPage(COPY, async (page) => {
      await whole(page)
      expect(await headline(page)).toMatch(/^d is likeliest to come next: \d+%/)
      const before = await tokens(page).count()
      await page.getByRole('button', { name: 'Step' }).click()
      await eventually(() => tokens(page).count()).toBe(before + 1)
      expect(await headline(page)).toMatch(/^e is likeliest/)
      const pick = candidates(page).nth(4)
      const label = await pick.locator('.tok').textContent()
      await pick.click()
      await eventually(() => tokens(page).last().textContent()).toBe(label)
      await whole(page)
      const [title, url] = [await headline(page), page.url()]
      await onPage(new URL(url).hash, async (other) => {
        await whole(other)
        expect(await headline(other)).toBe(title)
        expect(await tokens(other).allTextContents()).toEqual(await tokens(page).allTextContents())
      })
      await page.getByRole('button', { name: 'Back one' }).click()
      await eventually(() => tokens(page).count()).toBe(before + 1)
    }))

  it('a run is the library’s own, and can be stopped', { timeout: 60_000 }, () =>
    onPage(`${COPY}&temp=1.5&topk=50&seed=7`, async (page) => {
      await whole(page)
      await page.getByRole('button', { name: 'Run 40' }).click()
      await eventually(() => page.getByText('40 tokens written').count(), { timeout: 40_000 }).toBe(1)
      const args = ['--temperature', '1.5', '--top-k', '50', '--seed', '7', '--max-tokens', '40', '--json']
      const { tokens: own } = JSON.parse(
        await heed('generate', 'abcdefg abc', '--model', 'heed-copy', ...args),
      ) as { tokens: { id: number }[] }
      const ids = params(page)
        .on.split('.')
        .map((id) => Number.parseInt(id, 36))
      expect(ids.slice(0, own.length)).toEqual(own.map(({ id }) => id))
      // In the page itself: from here the run might be over before the click comes.
      await page.evaluate(async () => {
        const button = (name: string) =>
          [...document.querySelectorAll('button')].find(({ textContent }) => textContent === name)
        button('Run 40')!.click()
        for (let stop; !stop; stop = button('Stop'), stop?.click())
          await new Promise((next) => setTimeout(next, 1))
      })
      await page.getByRole('button', { name: 'Step' }).waitFor()
      const stopped = params(page).on.split('.').length
      expect(stopped).toBeLessThan(80)
      expect(await tokens(page).count()).toBe(12 + stopped)
    }),
  )

  it('sampling controls show what they cut off; a token that is hidden takes the copy away', () =>
    onPage(`${COPY}&temp=1`, async (page) => {
      await whole(page)
      await page.getByRole('textbox', { name: 'top-k' }).fill('3')
      await page.keyboard.press('Enter')
      await eventually(() => page.getByText('cut by top-k').count()).toBe(7)
      await page.getByText('3 of 259 tokens are left in.').waitFor()
      await page.goto(`${inject('studio')}${COPY}&site=layers.1.self`)
      await whole(page)
      // d stands at 4, behind the start.
      await tokens(page).nth(4).click()
      expect(params(page).q).toBe('4')
      await page.goto(`${inject('studio')}${COPY}&hide=2_3_4`)
      await whole(page)
      await eventually(() => page.getByText('3 forbidden · reset').count()).toBe(1)
      expect(await headline(page)).not.toMatch(/^d is likeliest/)
      await page.getByText('Dashed: with nothing hidden.').waitFor()
    }))
})

describe('on every screen', () => {
  const views = ['#/write?q=1&hide=0', `${COPY}&temp=1&topk=4`]

  it.each(views)('nothing is wider than the page: %s', (view) =>
    onPage(view, async (page) => {
      await expectFits(page, [1440, 768, 390], whole)
    }),
  )

  it.each(views.flatMap((view) => [[view, 'light'] as const, [view, 'dark'] as const]))(
    'axe finds nothing serious: %s, %s',
    (view, colorScheme) =>
      onPage(
        view,
        async (page) => {
          await whole(page)
          expect(await seriousViolations(page)).toEqual([])
        },
        { colorScheme },
      ),
  )
})

it('a model that does not write: the page says so, and offers those that do', () =>
  onPage('#/write?model=heed-describe', async (page) => {
    await page.getByRole('heading', { name: 'heed-describe does not write' }).waitFor()
    await page.getByRole('button', { name: 'heed-copy' }).click()
    await whole(page)
    expect(params(page).model).toBe('heed-copy')
    expect(await headline(page)).toMatch(/likeliest to come next/)
  }))

it('the alignment and the numbers can be saved', () =>
  onPage('#/write?unit=tokens', async (page) => {
    await whole(page)
    await page.waitForSelector('#matter')
    expect(await saved(page, 'Save the alignment as SVG')).toMatch(
      /^<svg [^]*Decoder 2 reads the source · Mean of 4 heads/,
    )
    const { weights, output } = JSON.parse(await saved(page, 'Save the numbers as JSON')) as {
      weights: number[][]
      output: string
    }
    expect(output).toBe(seen.output)
    weights.forEach((row, i) =>
      row.forEach((weight, j) => {
        const mean = seen.maps.reduce((sum, map) => sum + map.weights[i][j], 0) / seen.maps.length
        expect(weight).toBeCloseTo(mean, 5)
      }),
    )
  }))
