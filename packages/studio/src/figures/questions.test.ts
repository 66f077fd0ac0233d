import { describe, expect, it } from 'vitest'
import type { StepView } from '../engine/step'
import type { Compared } from '../engine/words'
import type { Axioms } from '../engine/words-axioms'
import { measures } from '../engine/words-measures'
import { learn } from '../words/en/learn'
import { agreeQuestion, attentionQuestion, exactQuestion, headsQuestion, type Looked } from './questions'

const said = learn.guess
type Now = StepView['now']

/** A head on a sentence; matrices row after row. */
function viewOf(
  sentence: string,
  {
    site = 'layers.0.self',
    ...given
  }: Partial<Record<'stream' | 'q' | 'k' | 'v' | 'weights' | 'scores' | 'out', number[]>> & {
    site?: string
  },
): StepView {
  const tokens = sentence.split(' ').map((text) => ({ text, special: false, startsWord: true }))
  const T = tokens.length
  const matrix = (name: keyof typeof given) => Float32Array.from(given[name] ?? Array(2 * T).fill(0))
  const now: Partial<Now> = { weights: matrix('weights'), scores: matrix('scores'), out: matrix('out') }
  const view: Partial<StepView> = {
    site,
    queries: tokens,
    keys: tokens,
    sizes: { Tq: T, Tk: T, D: 2, d: (given.q?.length ?? 0) / T, dv: 2 },
    stream: { queries: matrix('stream'), keys: matrix('stream') },
    q: matrix('q'),
    k: matrix('k'),
    v: matrix('v'),
    now: now as Now,
  }
  return view as StepView
}
const asked = (shown: string, looked: Looked) => attentionQuestion(shown, looked, said)

describe('of a sentence', () => {
  it('vectors: the two rows of a word that stands there twice, the named one or the first', () => {
    const view = viewOf('a b b a c', { stream: [1, 0, 0, 1, 1, 0, 1, 0, 5, 5] })
    expect(asked('vectors', { view, query: 0 })).toEqual({
      ...said.twice,
      ask: said.twice.ask('a', 2),
      truth: 0,
    })
    expect(asked('vectors', { view, query: 0, word: 'B' })).toMatchObject({
      ask: said.twice.ask('b', 2),
      truth: 2,
    })
    expect(asked('vectors', { view, query: 0, word: 'c' })).toBeUndefined()
    expect(asked('vectors', { view: viewOf('a b c', {}), query: 0 })).toBeUndefined()
    expect(asked('vectors', { view: viewOf('a a a', {}), query: 0 })?.ask).toBe(said.twice.ask('a', 3))
  })

  it('map: whether one looks back, where both are named and read one sentence; else where a word looks most', () => {
    const weights = [0.1, 0.9, 0.0, 0.5, 0.2, 0.3, 0.2, 0.2, 0.6]
    const view = viewOf('a b a', { weights })
    expect(asked('map', { view, query: 0, key: 1 })).toEqual({
      ask: said.back.ask('a', 'b'),
      options: said.back.options,
      truth: 0,
    })
    expect(asked('map', { view, query: 1, key: 0 })?.truth).toBe(2)
    // Equal tokens have names of their own.
    expect(asked('map', { view, query: 1 })).toEqual({
      ask: said.most.ask('b'),
      options: ['a (1)', 'b', 'a (2)'],
      truth: 0,
      isOfWords: true,
    })
    expect(asked('map', { view, query: 2, key: 2 })?.truth).toBe(2)
    const cross = viewOf('a b a', { weights, site: 'decoder.0.cross' })
    expect(asked('map', { view: cross, query: 0, key: 1 })?.ask).toBe(said.most.ask('a'))
  })

  it('map: of a long sentence the tokens that get most stand to choice, in its order', () => {
    const weights = Array.from({ length: 144 }, (_, at) => ((at % 12) * 5) % 12)
    const question = asked('map', { view: viewOf('a b c d e f g h i j k l', { weights }), query: 3 })!
    expect(question.options).toEqual(['b', 'c', 'e', 'g', 'h', 'i', 'j', 'l'])
    // 5 · 7 = 35 = 11 (mod 12)
    expect(question.options[question.truth]).toBe('h')
  })

  it('projections: query and key of one word, which they are not between two texts', () => {
    const [q, k] = [
      [1, 0, 0, 1],
      [1, 0.1, 0, -1],
    ]
    const view = viewOf('a b', { q, k })
    expect(asked('projections', { view, query: 0 })).toMatchObject({
      ask: said.likeness.ask('a', 2),
      truth: 0,
    })
    expect(asked('projections', { view, query: 1 })?.truth).toBe(2)
    const cross = viewOf('a b', { q, k, site: 'decoder.0.cross' })
    expect(asked('projections', { view: cross, query: 0 })).toBeUndefined()
  })

  it('score: of the key that is named, else of the one that gets most', () => {
    const q = [1, 1, 1, 1, 0, 0, 0, 0]
    const view = viewOf('a b', { q, k: [1, 1, 1, 1, 9, 1, 1, 1], weights: [0.7, 0.3, 0, 1] })
    expect(asked('score', { view, query: 0 })).toEqual({
      ...said.products,
      ask: said.products.ask(4),
      truth: 1,
    })
    expect(asked('score', { view, query: 0, key: 1 })?.truth).toBe(0)
  })

  it('mix: the value that the output points along, whatever its length', () => {
    const view = viewOf('a b', { v: [9, 0, 0, 0.1], out: [1, 2, 2, 1] })
    expect(asked('mix', { view, query: 0 })).toEqual({
      ask: said.nearest.ask('a'),
      options: ['a', 'b'],
      truth: 1,
      isOfWords: true,
    })
    expect(asked('mix', { view, query: 1 })?.truth).toBe(0)
  })

  it('softmax: how many keys sparsemax leaves a share, of those that may be looked at', () => {
    const view = viewOf('a b', { scores: [1, -Infinity, 1, 2] })
    expect(asked('softmax', { view, query: 0, kept: 1 })).toEqual({
      ...said.kept,
      ask: said.kept.ask(1),
      truth: 0,
    })
    expect(asked('softmax', { view, query: 1, kept: 2 })).toMatchObject({ ask: said.kept.ask(2), truth: 1 })
    expect(asked('softmax', { view, query: 1 })).toBeUndefined()
  })

  it('of other figures nothing', () =>
    expect(asked('scale', { view: viewOf('a b', {}), query: 0 })).toBeUndefined())
})

it('heads: in how many a word looks most at another; of one head nothing', () => {
  const words = { query: 'a', key: 'b', at: 1 }
  expect(headsQuestion([0, 1, 1, 3], words, said.heads)).toMatchObject({
    ask: said.heads.ask(4, 'a', 'b'),
    truth: 2,
  })
  expect(headsQuestion([1], words, said.heads)).toBeUndefined()
})

describe('of words', () => {
  const pair = (a: number, b: number, far: number, dot = 1 - far) => ({
    a,
    b,
    values: Object.fromEntries(
      measures.map((measure) => [measure, measure === 'dot' ? dot : measure === 'cosine' ? 1 - far : far]),
    ),
  })
  const compared = (...pairs: ReturnType<typeof pair>[]) =>
    ({ words: ['a', 'b', 'c'].map((word) => ({ word })), pairs }) as unknown as Compared

  it('distances: whether all have the same word nearest to the first; of two words nothing', () => {
    const ask = said.agree.ask(5, 'a', ['b', 'c'])
    // b and c are nearest of all, but not to a.
    const one = compared(pair(0, 1, 0.2), pair(0, 2, 0.3), pair(1, 2, 0.1))
    expect(agreeQuestion(one, said.agree)).toMatchObject({ ask, truth: 0 })
    const two = compared(pair(0, 1, 0.2), pair(0, 2, 0.3, 5), pair(1, 2, 0.1))
    expect(agreeQuestion(two, said.agree)).toMatchObject({ ask, truth: 1 })
    const few = { ...one, words: one.words.slice(0, 2) }
    expect(agreeQuestion(few, said.agree)).toBeUndefined()
  })

  it('axioms: how many hold to the last digit', () => {
    const axioms = (...differences: number[]) =>
      ({ axioms: differences.map((difference) => ({ difference, holds: true })) }) as unknown as Axioms
    expect(exactQuestion(axioms(0, 1e-8), said.exact)).toEqual({
      ...said.exact,
      ask: said.exact.ask(2),
      truth: 1,
    })
    expect(exactQuestion(axioms(0, 0), said.exact).truth).toBe(0)
  })
})
