import { normalizers, tensor } from 'heed'
import { attentionInputs, capture, inputActivations } from 'heed/lens'
import { fixed } from 'heed/look'
import { loadModel } from 'heed/models'
import {
  angularDistance,
  cosineSimilarity,
  dot,
  euclideanDistance,
  manhattanDistance,
  VectorTable,
  wordVectors,
} from 'heed/vectors'
import type { Locator, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { onPage, useBrowser } from './browser'
import { heed } from './server'

useBrowser()

const SITE = 'layers.0.self'
const ELEPHANT = 'The elephant is very large.'
const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0)
const top = (list: readonly number[]) => list.indexOf(Math.max(...list))

/** What the library says of heed-describe's one layer, away from the page; matrices as rows. */
async function layerOf(text: string) {
  const model = await loadModel('heed-describe')
  const sites = [SITE, ...inputActivations(model, SITE)]
  const seen = await capture(model, text, { sites, values: true })
  const rowsOf = async (t: { data(): Promise<ArrayLike<number>> }, rows: number) => {
    const list = Float64Array.from(await t.data())
    const width = list.length / rows
    return Array.from({ length: rows }, (_, i) => list.slice(i * width, (i + 1) * width))
  }
  try {
    const words = seen.of!.tokens.source.map(({ text }) => text)
    const T = words.length
    const inputs = attentionInputs(model, seen, SITE)
    const stream = await rowsOf(inputs.keys.stream, T)
    for (const { stream, read } of [inputs.queries, inputs.keys]) for (const t of [stream, read]) t.dispose()
    const { q, k, v } = seen.attention(SITE)
    /** [T, H, d] of one head. */
    const headOf = async (t: typeof q, head: number) => {
      const all = await rowsOf(t, T * seen.heads)
      return words.map((_, i) => all[i * seen.heads + head])
    }
    const heads = []
    for (let head = 0; head < seen.heads; head++) {
      const map = seen.map(SITE, head)
      heads.push({
        q: await headOf(q, head),
        k: await headOf(k, head),
        v: await headOf(v!, head),
        weights: await Promise.all(words.map(async (_, i) => [...(await map.row(i))])),
      })
    }
    return { words, stream, heads }
  } finally {
    seen.dispose()
    model.dispose()
  }
}

/** The vectors of words in the translator's table. */
async function vectorsOf(list: readonly string[]): Promise<Float64Array[]> {
  const model = await loadModel('heed-en-de')
  try {
    const weight = model.weights[model.embedding]
    const table = new VectorTable((await weight.data()) as Float32Array, weight.shape[1])
    return wordVectors(list, model.tokenizer!, table).map(({ vector }) => Float64Array.from(vector))
  } finally {
    model.dispose()
  }
}

const figureOf = (page: Page, kind: string) => page.locator(`.figure.${kind}`)

/** What a figure says once an answer was chosen; before that it shows nothing that tells. */
async function guessed(figure: Locator, answer: string): Promise<string> {
  await figure.scrollIntoViewIfNeeded()
  const option = figure.getByRole('button', { name: answer, exact: true })
  await option.waitFor()
  expect(await figure.locator('.told, canvas, svg, table, ol, [role=grid]').count()).toBe(0)
  await option.click()
  return (await figure.locator('.told').textContent())!
}
const told = (guess: string, truth: string) =>
  guess === truth ? `You said “${guess}”: right.` : `You said “${guess}”; it is “${truth}”.`

/** Chooses an answer, and expects that figure and library agree about the true one. */
async function expectTold(figure: Locator, guess: string, truth: string): Promise<void> {
  expect(await guessed(figure, guess)).toBe(told(guess, truth))
}

describe('figures ask before they show', () => {
  it('part 1: whether the two rows of a word are the same', () =>
    onPage('#/learn', async (page) => {
      const { words, stream } = await layerOf('The large dog saw the large elephant.')
      const [one, other] = [words.indexOf('large'), words.lastIndexOf('large')].map((at) => stream[at])
      expect(one).not.toBe(other)
      const isSame = one.every((x, i) => Math.abs(x - other[i]) <= 1e-6)
      const isAlike = cosineSimilarity(one, other) >= 0.5
      const figure = figureOf(page, 'attention-vectors')
      const truth = isSame ? 'the same' : isAlike ? 'alike, but not the same' : 'not alike'
      await expectTold(figure, 'the same', truth)
      expect(await figure.locator('.rows .label').allTextContents()).toEqual(words)
    }))

  it('part 2: how long a sum of arrows is', () =>
    onPage('#/learn?part=2', async (page) => {
      const figure = figureOf(page, 'words-arrows')
      await expectTold(figure, 'longer', 'shorter')
      const { dot } = JSON.parse(await heed('similar', 'dog', 'cat', '--model', 'heed-en-de', '--json')) as {
        dot: number[][]
      }
      const [[xx, xy], [, yy]] = dot
      const shown = await figure.getByText('long, ').first().textContent()
      expect(shown).toContain(`${fixed(Math.sqrt(xx) + Math.sqrt(yy))} together`)
      expect(shown).toContain(`The sum is ${fixed(Math.sqrt(xx + yy + 2 * xy))}.`)
    }))

  it('part 2: how many rules hold to the last digit', () =>
    onPage('#/learn?part=2', async (page) => {
      await page.locator('details', { has: page.locator('[show=axioms]') }).evaluate((details) => {
        ;(details as HTMLDetailsElement).open = true
      })
      const figure = figureOf(page, 'words-axioms')
      // In numbers of 32 bits, by hand.
      const f = Math.fround
      const [u, v, w] = (await vectorsOf(['dog', 'cat', 'television'])).map((x) => [...x].map(f))
      const [s, t] = [f(1.7), f(-0.3)]
      const sides = (i: number): [number, number][] => [
        [f(u[i] + v[i]), f(v[i] + u[i])],
        [f(f(u[i] + v[i]) + w[i]), f(u[i] + f(v[i] + w[i]))],
        [f(u[i] + 0), u[i]],
        [f(u[i] + -u[i]), 0],
        [f(s * f(t * u[i])), f(f(s * t) * u[i])],
        [f(1 * u[i]), u[i]],
        [f(s * f(u[i] + v[i])), f(f(s * u[i]) + f(s * v[i]))],
        [f(f(s + t) * u[i]), f(f(s * u[i]) + f(t * u[i]))],
      ]
      const all = u.map((_, i) => sides(i))
      const isExact = all[0].map((_, rule) => all.every((sides) => sides[rule][0] === sides[rule][1]))
      const exact = isExact.filter(Boolean).length
      await expectTold(figure, 'all', exact === 8 ? 'all' : exact > 0 ? 'some' : 'none')
      const shown = await figure.locator('li .how').allTextContents()
      expect(shown.map((how) => how === 'exact')).toEqual(isExact)
    }))

  it('part 3: where a word lies', () =>
    onPage('#/learn?part=3', async (page) => {
      const figure = figureOf(page, 'words-place')
      await figure.scrollIntoViewIfNeeded()
      const show = figure.getByRole('button', { name: 'Show', exact: true })
      await show.waitFor()
      expect(await show.getAttribute('aria-disabled')).toBe('true')
      await figure.getByRole('button', { name: /^television: / }).press('Shift+ArrowDown')
      await show.click()
      expect(await figure.locator('.why').textContent()).toMatch(
        /^(No word lies|[\d,]+ of 5,008 words lie) nearer to television than where you put it\.$/,
      )
      expect(await figure.locator('.name.own').textContent()).toContain('television')
    }))

  it('part 3: whether all measures agree; other words, of which nothing was guessed, tell nothing', () =>
    onPage('#/learn?part=3', async (page) => {
      const [dog, cat, television] = await vectorsOf(['dog', 'cat', 'television'])
      const nearer = [
        ...[angularDistance, euclideanDistance, manhattanDistance].map(
          (far) => far(dog, cat) < far(dog, television),
        ),
        ...[cosineSimilarity, dot].map((near) => near(dog, cat) > near(dog, television)),
      ]
      const figure = figureOf(page, 'words-distances')
      await expectTold(figure, 'no', nearer.every((one) => one === nearer[0]) ? 'yes' : 'no')
      expect(await figure.locator('tbody tr').count()).toBe(3)
      await figure.getByRole('textbox').fill('dog cat horse')
      await figure.getByRole('textbox').press('Enter')
      await figure.getByRole('rowheader', { name: 'dog horse' }).waitFor()
      expect(await figure.locator('.told').count()).toBe(0)
    }))

  it('part 4: whether a word looks back; where another looks most', () =>
    onPage('#/learn?part=4', async (page) => {
      const { words, heads } = await layerOf(ELEPHANT)
      const [i, j] = [words.indexOf('elephant'), words.indexOf('large')]
      const [there, back] = [heads[0].weights[i][j], heads[0].weights[j][i]]
      const first = figureOf(page, 'attention-map').first()
      const truth = back * 1.5 < there ? 'less' : back > 1.5 * there ? 'more' : 'about as much'
      await expectTold(first, 'about as much', truth)
      expect(await first.locator('.readout .title').textContent()).toBe('elephant → large')

      const other = await layerOf('The small dog saw a large elephant.')
      const second = figureOf(page, 'attention-map').nth(1)
      await second.getByRole('button', { name: 'dog', exact: true }).waitFor()
      const options = await second.getByRole('group').getByRole('button').allTextContents()
      expect(options.slice(0, -1)).toEqual(other.words)
      const most = other.words[top(other.heads[0].weights[other.words.indexOf('dog')])]
      await expectTold(second, 'saw', most)
      expect(await second.locator('.readout .title').textContent()).toBe(`dog → ${most}`)
    }))

  it('part 5: whether query and key of a word are alike', () =>
    onPage('#/learn?part=5', async (page) => {
      const { words, heads } = await layerOf(ELEPHANT)
      const at = words.indexOf('elephant')
      const cosine = cosineSimilarity(heads[0].q[at], heads[0].k[at])
      const truth = cosine >= 0.5 ? 'alike' : cosine <= -0.5 ? 'opposite' : 'little to do with each other'
      await expectTold(figureOf(page, 'attention-projections'), 'alike', truth)
    }))

  it('part 5: how many products make a score; who does not know is told', () =>
    onPage('#/learn?part=5', async (page) => {
      const figure = figureOf(page, 'attention-score')
      expect(await guessed(figure, 'I don’t know')).toBe('It is “four or more”. You made no guess.')
      // Which is so since the three largest bring less than half.
      const shown = (await figure.textContent())!.replaceAll('−', '-')
      const [all] = /(?<== )-?\d+\.\d\d/.exec(shown)!
      // Above the bars stand the three largest.
      const three = [...shown.matchAll(/= ([+-]\d+\.\d)/g)].slice(0, 3).map(([, product]) => Number(product))
      expect(three).toHaveLength(3)
      expect(sum(three)).toBeLessThan(Number(all) / 2)
    }))

  it('part 7: whose value an output is most like', () =>
    onPage('#/learn?part=7', async (page) => {
      const { words, heads } = await layerOf(ELEPHANT)
      const { v, weights } = heads[0]
      const row = weights[words.indexOf('elephant')]
      const out = v[0].map((_, c) => sum(row.map((weight, j) => weight * v[j][c])))
      const most = words[top(v.map((value) => cosineSimilarity(out, value)))]
      await expectTold(figureOf(page, 'attention-mix'), 'elephant', most)
    }))

  it('part 8: how many tokens sparsemax leaves a share, with which the figure then shows the row', () =>
    onPage('#/learn?part=8', async (page) => {
      const { words, heads } = await layerOf(ELEPHANT)
      const { q, k } = heads[1]
      const query = q[words.indexOf('elephant')]
      using scores = tensor(
        Float32Array.from(k, (key) => dot(query, key) / 4),
        [1, words.length],
      )
      using shares = normalizers.sparsemax(scores)
      const left = [...(await shares.data())].filter((share) => share > 0).length
      const figure = figureOf(page, 'attention-softmax')
      await expectTold(figure, 'one', left === 1 ? 'one' : left <= 3 ? 'two or three' : 'four or more')
      await figure.getByRole('button', { name: 'sparsemax', pressed: true }).waitFor()
    }))

  it('part 9: in how many heads a word looks most at another', () =>
    onPage('#/learn?part=9', async (page) => {
      const { words, heads } = await layerOf(ELEPHANT)
      const [i, j] = [words.indexOf('elephant'), words.indexOf('large')]
      const tops = heads.map(({ weights }) => top(weights[i]))
      const count = tops.filter((at) => at === j).length
      const truth = count === 4 ? 'in all' : ['in none', 'in one', 'in several', 'in several'][count]
      const figure = figureOf(page, 'heads')
      await expectTold(figure, 'in all', truth)
      expect(await figure.locator('.heads .top').allTextContents()).toEqual(
        tops.map((at) => `→ ${words[at]}`),
      )
    }))

  it('part 9: in which order words are looked at', () =>
    onPage('#/learn?part=9', async (page) => {
      const figure = figureOf(page, 'translate')
      expect(await guessed(figure, 'in the order of the English sentence')).toMatch(/: right\.$/)
      await figure
        .getByRole('button', { name: /^Elefant/ })
        .first()
        .waitFor()
    }))
})

/** Every figure that asks by `guess`, in the order of the article. */
const asking = (page: Page) =>
  page.locator('heed-attention[guess], heed-words[guess], heed-heads[guess], heed-translate[guess]')

it.each([
  { language: 'en', width: 1440 },
  { language: 'de', width: 390 }, // the longer words on the narrower screen
])(
  '$language, $width px: no figure pushes the text when it shows what it asked about',
  ({ language, width }) =>
    onPage(
      `#/learn?lang=${language}`,
      async (page) => {
        await page.locator('article details').first().waitFor({ state: 'attached' })
        await page.evaluate(() => document.querySelectorAll('details').forEach((one) => (one.open = true)))
        const grown: string[] = []
        const count = await asking(page).count()
        expect(count).toBe(12)
        for (let n = 0; n < count; n++) {
          const element = asking(page).nth(n)
          await element.scrollIntoViewIfNeeded()
          const options = element.locator('.option')
          await options.last().waitFor({ timeout: 20_000 })
          const labels = await options.allTextContents()
          // The longest takes the most room when it is told.
          const longest = top(labels.slice(0, -1).map(({ length }) => length))
          const heightOf = async () => Math.round((await element.boundingBox())!.height)
          const before = await heightOf()
          await options.nth(longest).click()
          await element.locator('.told').waitFor()
          await page.waitForFunction(() => !document.querySelector('[aria-busy=true]'))
          await page.waitForTimeout(200)
          const after = await heightOf()
          const kind = await element.locator('.embedded').getAttribute('class')
          // On phones a tall one grows, since the blank card would be longer than the screen; but only by the answer.
          if (after !== before && !(width === 390 && before === 520))
            grown.push(`${kind}: ${before} → ${after} px`)
        }
        expect(grown).toEqual([])
      },
      { viewport: { width, height: 844 } },
    ),
  90_000,
)
