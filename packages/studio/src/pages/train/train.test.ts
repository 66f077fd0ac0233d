import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { trainTasks } from '../../engine/train-tasks'
import * as words from '../../words/en'
import { means, paceBeside, panelsOf, thinned, type Told, valueAt } from './curves'
import { csv } from './save'
import { firstQuery, numbered, readState, wordsIn } from './state'
import { headWeights, momentAt, strongest, weightOver } from './view'

const points = fc
  .array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 400 })
  .map((list) => list.map((y, x) => ({ x, y })))

describe('curves', () => {
  it('thinned to what a screen can show keep ends, peaks and order', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 40 }), (all, most) => {
        const few = thinned(all, most)
        expect(few.length).toBeLessThanOrEqual(Math.max(4 * most, 0))
        expect([few[0], few.at(-1)]).toEqual([all[0], all.at(-1)])
        const ys = all.map(({ y }) => y)
        expect(few.map(({ y }) => y)).toEqual(expect.arrayContaining([Math.max(...ys), Math.min(...ys)]))
        expect([...few].sort((a, b) => a.x - b.x)).toEqual(few)
      }),
    )
  })

  it('means of steps one after another', () => {
    const line = [1, 3, 5, 7, 100].map((y, n) => ({ x: n + 1, y }))
    expect(means(line, 2)).toEqual([
      { x: 2, y: 2 },
      { x: 4, y: 6 },
    ])
    expect(means(line, 1)).toEqual(line)
  })

  it('a line has the value of its last point up to a step', () => {
    const line = [0, 10, 20].map((x) => ({ x, y: x }))
    expect([0, 9, 10, 25].map((step) => valueAt(line, step)?.y)).toEqual([0, 0, 10, 20])
    expect(valueAt(line, -1)).toBeUndefined()
  })

  it('of the run before lie under those of this one, on panels that have something', () => {
    const told = (loss: number): Told => ({
      steps: [{ step: 1, loss }],
      evaluations: [{ step: 0, loss, bleu: 1 }],
    })
    const panels = panelsOf(told(2), told(3), words.train.curves)
    expect(panels.map(({ title }) => title)).toEqual(['Loss', 'BLEU, unseen'])
    expect(panels[0].lines.map(({ name, ghost = false, points }) => [name, ghost, points[0].y])).toEqual([
      ['training', true, 3],
      ['training', false, 2],
      ['unseen', true, 3],
      ['unseen', false, 2],
    ])
  })
})

it('how soon a run learned beside another', () => {
  const told = (...described: number[]): Told => ({
    steps: [],
    evaluations: described.map((share, n) => ({ step: 10 * n, loss: 1, described: share })),
  })
  const before = told(0, 0.2, 0.5, 0.9, 1) // learned at 30
  expect(paceBeside(before, told(0, 0.95, 1))).toBe('sooner')
  expect(paceBeside(before, told(0, 0, 0, 1))).toBe('same')
  expect(paceBeside(before, told(0, 0, 0, 0, 0.9))).toBe('later')
  expect(paceBeside(before, told(0, 0, 0, 0, 0.89))).toBe('never')
  expect(paceBeside({ steps: [], evaluations: [] }, before)).toBeUndefined()
})

describe('the address', () => {
  it('says what is trained and what is looked at; what it does not say, or says wrongly, is as by default', () => {
    expect(readState({})).toEqual({
      task: 'describe',
      rules: { scale: true, normalizer: 'softmax' },
      seed: 1,
      text: 'The elephant is very large.',
      query: 1,
    })
    expect(
      readState({
        task: 'sort',
        scale: '0',
        norm: 'relu',
        seed: '7',
        head: '1',
        q: '8',
        k: '2',
        at: '40',
        run: 'a',
      }),
    ).toMatchObject({
      task: 'sort',
      rules: { scale: false, normalizer: 'relu' },
      seed: 7,
      head: 1,
      query: 8,
      key: 2,
      at: 40,
      run: 'a',
    })
    expect(readState({ task: 'x', norm: 'constructor', seed: '-1', head: 'a', q: '1e9' })).toEqual(
      readState({}),
    )
  })

  it('opens every task at the first place that is asked for', () => {
    for (const task of trainTasks) {
      const { text } = readState({ task })
      const asks = numbered(wordsIn(text))[firstQuery(task)].text
      expect(asks).toBe(task === 'describe' ? 'elephant' : '?₁')
    }
    expect(numbered(wordsIn('Is it large?')).at(-1)!.text).toBe('?')
  })
})

describe('maps', () => {
  const weights = Float32Array.of(0, 1, 0.5, 0.5, 1, 0, 0.25, 0.75) // 2 heads, 2 × 2

  it('of one head, or the mean of all', () => {
    expect([...headWeights(weights, 2, 1)]).toEqual([1, 0, 0.25, 0.75])
    expect([...headWeights(weights, 2, undefined)]).toEqual([0.5, 0.5, 0.375, 0.625])
    expect([...headWeights(weights, 2, 9)]).toEqual([0.5, 0.5, 0.375, 0.625])
    const moments = [{ step: 4, weights }]
    for (const head of [0, 1, undefined])
      for (let cell = 0; cell < 4; cell++)
        expect(weightOver(moments, 2, head, cell)).toEqual([{ x: 4, y: headWeights(weights, 2, head)[cell] }])
  })

  it('where a row looks, and whether that stands out', () => {
    expect(strongest([0.1, 0.7, 0.2])).toEqual({ key: 1, weight: 0.7, isFlat: false })
    expect(strongest([0.3, 0.3, 0.4])).toMatchObject({ key: 2, isFlat: true })
    expect(strongest([0.2, -0.6, 0.1])).toEqual({ key: 1, weight: -0.6, isFlat: false })
    const moments = [{ step: 0 }, { step: 8 }]
    expect([0, 7, 8, 99].map((step) => momentAt(moments, step)!.step)).toEqual([0, 0, 8, 8])
  })
})

it('numbers as CSV: a line a step, a line an evaluation', () => {
  const gradients = { query: 3, key: 4, value: 5 }
  const told: Told = {
    steps: [{ step: 1, loss: 2, norm: 6, gradients }],
    evaluations: [{ step: 0, loss: 7, described: 0.5, undescribed: 1 }],
  }
  expect(csv(told)).toBe(
    'step,loss,norm,gradient_q,gradient_k,gradient_v,valid_loss,described,undescribed\n' +
      '0,,,,,,7,0.5,1\n1,2,6,3,4,5,,,\n',
  )
})
