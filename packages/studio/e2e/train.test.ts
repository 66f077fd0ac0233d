import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { useBackend } from 'heed'
import { capture } from 'heed/lens'
import { describeSession } from 'heed/train'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { sequenceProbe, sequences, taskSettings } from '../src/engine/train-tasks'
import { headline, onPage, pageWidth, params, saved, seriousViolations, useBrowser } from './browser'
import { startStudio } from './server'

useBrowser()

/** The step that numbers are compared at. */
const STEP = 8
/** What the library itself has there: a copying run of the page's settings, seed 1. */
const own = { loss: 0, map: [] as number[] }

beforeAll(async () => {
  await useBackend('wasm', { threads: 1 })
  const { steps, batchTokens, peak, warmup, heads, vocabSize } = taskSettings('copy')
  using session = await describeSession({
    ...sequences('copy'),
    seed: 1,
    vocabSize,
    config: { hidden_size: 64, intermediate_size: 128, num_attention_heads: heads },
    steps,
    batchTokens,
    schedule: { peak, warmup },
  })
  while (session.state.step < STEP) own.loss = (await session.step()).loss
  using seen = await capture(session.model, sequenceProbe('copy'))
  own.map = [...(await seen.mean().tile())]
})

/** The last step that was taken, as the controls say it. */
const taken = async (page: Page) =>
  Number(/step ([\d,]+) of/.exec((await page.textContent('.far'))!)?.[1].replace(',', '') ?? 0)
const until = (page: Page, steps: number) =>
  expect.poll(() => taken(page), { timeout: 20_000, interval: 100 }).toBeGreaterThanOrEqual(steps)

/** Starts a run and pauses it when it has come so far. */
async function trained(page: Page, steps: number): Promise<void> {
  await page.getByRole('button', { name: 'Start training' }).click()
  await until(page, steps)
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.waitForSelector('[role=grid]')
}

describe('a run', () => {
  it('is the library’s: loss and map at a step; the slider goes there with the keys, and all figures with it', () =>
    onPage('#/train?task=copy', async (page) => {
      await page.getByRole('button', { name: 'Start training' }).waitFor()
      expect(await headline(page)).toBe('Where will ?₁ look, once it has learned?')
      await trained(page, STEP + 4)
      const slider = page.getByRole('slider', { name: 'Step that is looked at' })
      await slider.focus()
      await page.keyboard.press('Home')
      expect(await headline(page)).toMatch(/^Before the first step, \?₁ looks /)
      for (let step = 0; step < STEP; step++) await page.keyboard.press('ArrowRight')
      expect(params(page)).toEqual({ task: 'copy', at: String(STEP) })
      expect(await headline(page)).toMatch(new RegExp(`^After ${STEP} steps, `))
      const said = (await page.getByRole('img', { name: /^Loss, step / }).getAttribute('aria-label'))!
      const loss = Number(/training ([\d.]+)/.exec(said)![1])
      expect(said).toContain(`step ${STEP}: `)
      expect(Math.abs(loss / own.loss - 1)).toBeLessThan(0.01)
      const cells = await page
        .locator('[role=gridcell]')
        .evaluateAll((all) => all.map((cell) => cell.textContent || cell.getAttribute('aria-label')))
      expect(cells).toHaveLength(own.map.length)
      cells.forEach((text, n) => expect(Math.abs(Number(text) - own.map[n])).toBeLessThan(0.012))
      // Out of the run again, into the latest.
      await page.getByRole('button', { name: 'latest' }).click()
      expect(params(page)).toEqual({ task: 'copy' })
    }))

  it('rests, goes on, goes on while another page is open, which the engine answers', () =>
    onPage('#/train?task=reverse', async (page) => {
      await trained(page, 3)
      // Steps under way come in, and then no more.
      const more = async () => {
        const before = await taken(page)
        await page.waitForTimeout(400)
        return (await taken(page)) - before
      }
      await expect.poll(more, { timeout: 10_000 }).toBe(0)
      const still = await taken(page)
      await page.getByRole('button', { name: 'Go on' }).click()
      await page.getByRole('link', { name: 'Step by step' }).first().click()
      await page.waitForSelector('#step-7')
      await page.getByRole('link', { name: 'Train' }).first().click()
      await page.goto(`${page.url().split('#')[0]}#/train?task=reverse`)
      await until(page, still + 2)
    }))

  it('the guess stays, and is held against what came', () =>
    onPage('#/train?task=sort', async (page) => {
      const option = (when: string, name: string) =>
        page.getByRole('group', { name: when }).getByRole('button', { name, exact: true })
      await option('Before training, most at', '?₂').click()
      await option('After training, most at', 'b').click()
      await trained(page, 2)
      const guess = page.getByRole('region', { name: 'First say what you expect' })
      await expect.poll(() => guess.textContent()).toMatch(/You said “\?₂”(: right|; it is )/)
      expect(await guess.textContent()).toContain('You said “b”. You will see when it has learned.')
    }))

  it('without the scale: from the address, laid over the run before', () =>
    onPage('#/train?task=copy', async (page) => {
      await trained(page, 12)
      await page.getByRole('switch').click()
      expect(params(page)).toEqual({ task: 'copy', scale: '0' })
      await page.getByRole('button', { name: 'later', exact: true }).click()
      await page.getByRole('button', { name: 'Train without the scale' }).click()
      await until(page, 5)
      await page.getByText('dashed: the run before, with the formula as it is, seed 1').waitFor()
      const lines = page.getByRole('img', { name: /^Loss, step/ }).locator('path.line')
      await expect.poll(() => lines.count()).toBe(4)
      expect(await page.locator('path.ghost').count()).toBeGreaterThan(3)
      await page.getByRole('button', { name: 'Another seed' }).click()
      expect(params(page)).toMatchObject({ seed: '2', scale: '0' })
    }))

  it('of describe: fetches its sentences, draws the words as they are written; the numbers can be saved', () =>
    onPage('#/train', async (page) => {
      await trained(page, 1)
      expect(await page.locator('.word').allTextContents()).toEqual([
        'The',
        'elephant',
        'is',
        'very',
        'large',
        '.',
      ])
      expect(await page.getByText('9,000 sentences').count()).toBe(1)
      await page.locator('.word').nth(4).click()
      expect(params(page).q).toBe('4')
      const rows = (await saved(page, 'Save the numbers as CSV')).trim().split('\n')
      expect(rows[0]).toMatch(/^step,loss,norm,gradient_q,/)
      expect(rows[2]).toMatch(/^1,\d+\.\d+,/)
    }))
})

describe('runs of heed train', () => {
  it('are listed, opened, and followed as they grow', async () => {
    const folder = await mkdtemp(`${tmpdir()}/heed-runs-`)
    const run = `${folder}/mine`
    const line = (row: object) => `${JSON.stringify(row)}\n`
    const map = (step: number, weight: number) =>
      line({ step, site: 'decoder.0.cross', queries: ['<s>', 'a'], keys: ['b'], weights: [[[1], [weight]]] })
    await mkdir(run)
    await writeFile(`${run}/run.json`, JSON.stringify({ task: 'translation', steps: 40 }))
    const status = { state: 'running', pid: process.pid, host: 'here' }
    await writeFile(`${run}/status.json`, JSON.stringify(status))
    await writeFile(`${run}/metrics.jsonl`, line({ step: 20, tokens: 9, loss: 3, smoothedLoss: 3 }))
    await writeFile(`${run}/attention.jsonl`, map(20, 0.25))
    const { address, stop } = await startStudio('--runs', folder)
    try {
      await onPage(
        '#/train',
        async (page) => {
          await page.getByRole('button', { name: /^mine/ }).click()
          expect(params(page)).toEqual({ run: 'mine' })
          await expect.poll(() => headline(page)).toBe('mine: step 20 of 40')
          expect(await page.locator('[role=gridcell]').allTextContents()).toContain('.25')
          await appendFile(`${run}/metrics.jsonl`, line({ step: 40, tokens: 18, loss: 2, smoothedLoss: 2.9 }))
          await appendFile(`${run}/attention.jsonl`, map(40, 0.75))
          await expect.poll(() => headline(page), { timeout: 8000 }).toBe('mine: step 40 of 40')
          await expect.poll(() => page.locator('[role=gridcell]').allTextContents()).toContain('.75')
          await page.getByRole('slider').focus()
          await page.keyboard.press('ArrowLeft')
          expect(params(page)).toEqual({ run: 'mine', at: '20' })
          expect(await page.locator('[role=gridcell]').allTextContents()).toContain('.25')
          expect(await seriousViolations(page)).toEqual([])
          await page.getByRole('button', { name: 'Back to the training in the page' }).click()
          await page.getByRole('button', { name: 'Start training' }).waitFor()
        },
        { address },
      )
    } finally {
      await stop()
      await rm(folder, { recursive: true })
    }
  })
})

describe('on every screen', () => {
  it.each(['light', 'dark'] as const)(
    '%s: nothing is wider than the page, axe finds nothing serious',
    (colorScheme) =>
      onPage(
        '#/train?task=copy',
        async (page) => {
          await trained(page, 2)
          for (const width of [1440, 768, 390]) {
            await page.setViewportSize({ width, height: 844 })
            await expect.poll(() => pageWidth(page)).toBe(width)
          }
          expect(await seriousViolations(page)).toEqual([])
        },
        { colorScheme },
      ),
  )
})
