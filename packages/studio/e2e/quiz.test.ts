import {
  begin,
  explanation,
  formatAnswer,
  languages,
  marked,
  optionsOf,
  type Progress,
  proofText,
  type QuestionId,
  questionIds,
  questionOf,
  type Verdict,
} from 'heed-learn'
import { Prover } from 'heed-learn/proofs'
import { loadModel, type Model } from 'heed/models'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { onPage, pageWidth, params, saved, seriousViolations, useBrowser } from './browser'

useBrowser()

const models: Record<string, Promise<Model>> = {}
/** The library itself, away from the page. */
const prover = new Prover({ model: (name) => (models[name] ??= loadModel(name)) as never })
afterAll(async () => {
  for (const model of Object.values(models)) (await model).dispose()
})
const key = async (id: QuestionId) => (await prover.prove(id)).key
const place = async (id: QuestionId, seed = 0) =>
  optionsOf(questionOf(id), seed).indexOf(String(await key(id))) + 1

/** As the page shows it, without marks. */
const bare = (text: string) =>
  marked(text)
    .map((part) => part.text)
    .join('')
const proof = async (page: Page) => (await page.locator('.proof p').textContent())!.trim()
const heading = async (page: Page) => (await page.textContent('h1'))!.trim()
const progress = (page: Page) =>
  page.evaluate(() => JSON.parse(localStorage.getItem('heed.quiz')!) as unknown) as Promise<Progress>

/** A page on which a round has come so far. */
async function from(page: Page, state: Progress): Promise<void> {
  await page.evaluate((text) => localStorage.setItem('heed.quiz', text), JSON.stringify(state))
  await page.reload()
}

describe('with the keyboard', () => {
  it('chooses, checks, reads the library’s own numbers, goes on', () =>
    onPage('#/quiz', async (page) => {
      for (const id of ['bank', 'opposites', 'space'] as const) {
        await page.locator('.opt').first().waitFor()
        expect(await heading(page)).toBe(bare(languages.en.questions[id].ask))
        await page.keyboard.press(String(await place(id)))
        await page.keyboard.press('Enter')
        await page.locator('.proof').waitFor()
        expect(await proof(page)).toBe(bare(proofText(languages.en, await prover.prove(id))))
        expect(await page.locator('.opt.ok').count()).toBe(1)
        expect(await page.locator(':focus').textContent()).toMatch(/^\s*Next\s*$/)
        await page.keyboard.press('Enter')
      }
      expect(params(page).q).toBe('cosine')
      // The question has the focus; the field is the next thing.
      await page.locator('#number').focus()
      await page.keyboard.type('250')
      await page.keyboard.press('Enter')
      await page.locator('.field.bad').waitFor()
      expect(await page.locator('.said').textContent()).toContain('That is the dot product.')
      await page.keyboard.press('ControlOrMeta+a')
      await page.keyboard.type('1,0')
      await page.keyboard.press('Enter')
      await page.locator('.proof').waitFor()
      expect((await progress(page)).first).toEqual({
        bank: true,
        opposites: true,
        space: true,
        cosine: false,
      })
    }))

  it('builds a mask, cell by cell', () =>
    onPage('#/quiz?q=mask', async (page) => {
      await page.locator('.goal').waitFor()
      await page.locator('[role=gridcell][tabindex="0"]').focus()
      for (const keys of ['Right Enter Right Enter Right Enter', 'Down Enter Left Enter', 'Down Right Enter'])
        for (const one of keys.split(' ')) await page.keyboard.press(one === 'Enter' ? one : `Arrow${one}`)
      await page.getByRole('button', { name: 'Done' }).click()
      await page.locator('.proof').waitFor()
      expect(params(page).a.split(' ').sort()).toEqual(
        formatAnswer(await key('mask'))
          .split(' ')
          .sort(),
      )
      expect((await progress(page)).first).toEqual({ mask: true })
    }))

  it('moves the scale', () =>
    onPage('#/quiz?q=scale&a=15.3', async (page) => {
      await page.locator('.goal').waitFor()
      await page.getByRole('slider').focus()
      await page.keyboard.press('ArrowRight')
      expect(params(page).a).toBe(formatAnswer(await key('scale')))
      const { facts } = await prover.judge('scale', 16)
      await expect
        .poll(() => page.locator('.goal .num').textContent(), { timeout: 10_000 })
        .toBe(String(Number(facts.variance.toFixed(3))))
      await page.getByRole('button', { name: 'Done' }).click()
      await page.locator('.proof').waitFor()
    }))

  it('keeps heads', () =>
    onPage('#/quiz?q=heads&a=0', async (page) => {
      await page.locator('.choose').first().waitFor()
      await expect
        .poll(() => page.locator('.said').last().textContent(), { timeout: 10_000 })
        .toContain('its weight alone does not decide')
      await page.getByRole('button', { name: /^head 1/ }).focus()
      await page.keyboard.press('Space')
      await page.getByRole('button', { name: 'Done' }).click()
      await page.locator('.proof').waitFor()
      expect(await proof(page)).toBe(bare(proofText(languages.en, await prover.judge('heads', [0, 1]))))
    }))
})

describe('a round', () => {
  it('a miss is explained by itself, is kept, and comes back', () =>
    onPage('#/quiz', async (page) => {
      await page.locator('[data-option=meaning]').click()
      await page.getByRole('button', { name: 'Check' }).click()
      await page.locator('.opt.bad').waitFor()
      const verdict = (await prover.judge('bank', 'meaning')) as Verdict
      expect(await page.locator('.opt.bad .ex').textContent()).toContain(explanation(languages.en, verdict))
      expect(await page.locator('.proof, .opt.ok').count()).toBe(0)
      expect((await progress(page)).queue.at(-1)).toBe('bank')
      await page.reload()
      expect(await page.locator('.rail a').first().textContent()).toContain('missed')
      // The round goes on where it was.
      await page.goto(page.url().replace(/\?.*/, ''))
      await page.reload()
      expect(await heading(page)).toContain('where do the embeddings of opposites lie')
    }))

  it('shown an answer, it counts as missed', () =>
    onPage('#/quiz?q=shift', async (page) => {
      await page.getByRole('button', { name: 'Show me' }).click()
      await page.locator('.proof').waitFor()
      expect(await page.locator('.opt.ok').getAttribute('data-option')).toBe(await key('shift'))
      expect(await progress(page)).toMatchObject({ first: { shift: false }, missed: ['shift'] })
    }))

  it('ends with the score, asks what was missed, begins anew', () =>
    onPage('#/quiz', async (page) => {
      const first = Object.fromEntries(
        questionIds.filter((id) => id !== 'score').map((id) => [id, id !== 'bank']),
      )
      await from(page, { ...begin(), queue: ['score'], first, missed: ['bank'] })
      await page.locator('#number').fill('2')
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'To the result' }).click()
      expect(await heading(page)).toBe('Done: 14 of 15 right at the first try.')
      await page.getByRole('button', { name: 'Ask what was missed' }).click()
      await page.locator('.opt').first().waitFor()
      await page.keyboard.press(String(await place('bank')))
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'To the result' }).click()
      expect((await progress(page)).missed).toEqual([])
      await page.getByRole('button', { name: 'Begin anew, shuffled' }).click()
      const anew = await progress(page)
      expect([anew.seed, anew.first]).toEqual([1, {}])
      expect(params(page).q).toBe(anew.queue[0])
    }))

  it('in German, all of it', () =>
    onPage('#/quiz?q=score&lang=de', async (page) => {
      expect(await heading(page)).toBe(bare(languages.de.questions.score.ask))
      await page.locator('#number').fill('0,42')
      await page.getByRole('button', { name: 'Prüfen' }).click()
      await page.locator('.field.bad').waitFor()
      expect(await page.locator('.said').textContent()).toContain('Das ist der Kosinus.')
      await page.getByRole('button', { name: 'Sprache: Deutsch' }).click()
      await page.getByRole('button', { name: 'English' }).click()
      expect(await heading(page)).toBe(bare(languages.en.questions.score.ask))
    }))
})

it('a proof leads to the same head, step by step, and can be saved', () =>
  onPage('#/quiz?q=masked', async (page) => {
    await page.getByRole('button', { name: 'Show me' }).click()
    await page.locator('.proof').waitFor()
    const file = JSON.parse(await saved(page, 'Save the proof as JSON')) as { facts: { after: number[] } }
    const { facts } = await prover.prove('masked')
    file.facts.after.forEach((weight, j) => expect(weight).toBeCloseTo(facts.after[j], 5))
    await page.getByRole('link', { name: 'See it step by step' }).click()
    await page.waitForSelector('#step-7')
    expect(params(page)).toMatchObject({
      site: 'layers.0.self',
      head: String(facts.head),
      q: String(facts.asks),
    })
  }))

it('nothing is wider than the page', () =>
  onPage('#/quiz?q=heads', async (page) => {
    for (const id of ['heads', 'mask', 'scale', 'training'])
      for (const width of [1440, 768, 390, 320]) {
        await page.setViewportSize({ width, height: 844 })
        await page.goto(page.url().replace(/\?.*/, `?q=${id}`))
        await page.locator('.goal, .opt').first().waitFor()
        expect([id, await pageWidth(page)]).toEqual([id, width])
      }
  }))

describe.each(['light', 'dark'] as const)('%s: axe finds nothing serious', (colorScheme) => {
  it('wrong, and right with its proof', () =>
    onPage(
      '#/quiz?q=projections',
      async (page) => {
        await page.locator('.opt').first().click()
        await page.getByRole('button', { name: 'Check' }).click()
        await page.locator('.opt.bad').waitFor()
        expect(await seriousViolations(page)).toEqual([])
        await page.getByRole('button', { name: 'Show me' }).click()
        await page.locator('.proof').waitFor()
        expect(await seriousViolations(page)).toEqual([])
      },
      { colorScheme },
    ))

  it.each(['mask', 'scale', 'heads'])('to build: %s', (id) =>
    onPage(
      `#/quiz?q=${id}`,
      async (page) => {
        await page.locator('.goal').waitFor()
        expect(await seriousViolations(page)).toEqual([])
      },
      { colorScheme },
    ),
  )
})
