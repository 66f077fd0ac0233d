/* What figures ask before they show, about what they are about to show. Undefined: there is nothing to be asked. */
import { tokenLabels } from 'heed/look'
import type { StepView } from '../engine/step'
import type { Compared } from '../engine/words'
import type { Arrows } from '../engine/words-arithmetic'
import type { Axioms } from '../engine/words-axioms'
import { measures } from '../engine/words-measures'
import { argmax, rowOf } from '../look/numbers'
import { terms } from '../pages/step/derive'
import { nearestOf } from '../pages/words/measures'
import type { Words } from '../words/words.svelte'
import {
  agreeAmong,
  cosineOf,
  countAmong,
  headsAmong,
  holdAmong,
  likenessAmong,
  productsAmong,
  rowsAmong,
  sumAmong,
  weightAmong,
} from '../engine/guesses'
import { placeOf } from './named'

type Said = Words['learn']['guess']

export interface Question {
  ask: string
  options: readonly string[]
  /** The option that is true. */
  truth: number
  /** The options are tokens. */
  isOfWords?: boolean
}

/** Tokens that stand to choice. */
const CHOICES = 8

/** Each token by a name of its own: equal ones are numbered. */
function namesOf(labels: readonly string[]): string[] {
  return labels.map((label, at) => {
    const same = labels.flatMap((other, n) => (other === label ? [n] : []))
    return same.length === 1 ? label : `${label} (${same.indexOf(at) + 1})`
  })
}

/** Which token has the largest value. To choose from are those with the largest, in the order of the sentence. */
function tokenAmong(
  labels: readonly string[],
  values: ArrayLike<number>,
): Pick<Question, 'options' | 'truth' | 'isOfWords'> {
  const places = [...labels.keys()]
    .sort((a, b) => values[b] - values[a])
    .slice(0, CHOICES)
    .sort((a, b) => a - b)
  const names = namesOf(labels)
  return {
    options: places.map((at) => names[at]),
    truth: places.indexOf(argmax(values)),
    isOfWords: true,
  }
}

/** What a figure of one head on one sentence asks about. */
export interface Looked {
  view: StepView
  /** Who asks, and who answers where one is named. */
  query: number
  key?: number
  /** The word of the attribute `query`, as it stands there. */
  word?: string
  /** How many keys sparsemax leaves a share, of the row that is shown. */
  kept?: number
}

export function attentionQuestion(shown: string, looked: Looked, said: Said): Question | undefined {
  const { view, query, kept } = looked
  const { d } = view.sizes
  switch (shown) {
    case 'vectors':
      return twiceQuestion(view, looked.word, said.twice)
    case 'map':
      return mapQuestion(looked, said)
    case 'projections':
      return likenessQuestion(view, query, said.likeness)
    case 'score': {
      const row = rowOf(view.now.weights, query, view.sizes.Tk)
      const [q, k] = [rowOf(view.q, query, d), rowOf(view.k, looked.key ?? argmax(row), d)]
      const { ask, options } = said.products
      return { ask: ask(d), options, truth: productsAmong(terms(q, k)) }
    }
    case 'mix':
      return mixQuestion(view, query, said.nearest)
    case 'softmax': {
      if (kept === undefined) return undefined
      const seen = rowOf(view.now.scores, query, view.sizes.Tk).filter((score) => score > -Infinity)
      const { ask, options } = said.kept
      return { ask: ask(seen.length), options, truth: countAmong(kept) }
    }
    default:
      return undefined
  }
}

/** Whether a word that stands there twice has the same row twice: the one that is named, or the first. */
function twiceQuestion(view: StepView, word: string | undefined, said: Said['twice']): Question | undefined {
  const labels = tokenLabels(view.keys)
  const placesOf = (at: number) => [...labels.keys()].filter((other) => labels[other] === labels[at])
  const first =
    word === undefined
      ? [...labels.keys()].find((at) => !view.keys[at].special && placesOf(at).length > 1)
      : placeOf(word, view.keys)
  if (first === undefined) return undefined
  const places = placesOf(first)
  if (places.length < 2) return undefined
  const [one, other] = places.map((at) => rowOf(view.stream.keys, at, view.sizes.D))
  return { ask: said.ask(labels[first], places.length), options: said.options, truth: rowsAmong(one, other) }
}

/** Whether one looks back as much as it is looked at, where both are named; else where a word looks most. */
function mapQuestion({ view, query, key }: Looked, said: Said): Question {
  const { Tk } = view.sizes
  const labels = tokenLabels(view.queries)
  if (key !== undefined && key !== query && view.site.endsWith('.self')) {
    const weight = (i: number, j: number) => view.now.weights[i * Tk + j]
    const { ask, options } = said.back
    return {
      ask: ask(labels[query], labels[key]),
      options,
      truth: weightAmong(weight(key, query), weight(query, key)),
    }
  }
  const row = rowOf(view.now.weights, query, Tk)
  return { ask: said.most.ask(labels[query]), ...tokenAmong(tokenLabels(view.keys), row) }
}

/** Whether query and key of one word are alike; between two texts they are of two words. */
function likenessQuestion(view: StepView, at: number, said: Said['likeness']): Question | undefined {
  if (!view.site.endsWith('.self')) return undefined
  const { D, d } = view.sizes
  return {
    ask: said.ask(tokenLabels(view.queries)[at], D),
    options: said.options,
    truth: likenessAmong(rowOf(view.q, at, d), rowOf(view.k, at, d)),
  }
}

function mixQuestion(view: StepView, query: number, said: Said['nearest']): Question {
  const { Tk, dv } = view.sizes
  const out = rowOf(view.now.out, query, dv)
  const cosines = Array.from({ length: Tk }, (_, j) => cosineOf(out, rowOf(view.v, j, dv)))
  return {
    ask: said.ask(tokenLabels(view.queries)[query]),
    ...tokenAmong(tokenLabels(view.keys), cosines),
  }
}

/** In how many heads a word looks most at another: of each head, where it looks most. */
export function headsQuestion(
  tops: readonly number[],
  { query, key, at }: { query: string; key: string; at: number },
  said: Said['heads'],
): Question | undefined {
  if (tops.length < 2) return undefined
  const count = tops.filter((top) => top === at).length
  return {
    ask: said.ask(tops.length, query, key),
    options: said.options,
    truth: headsAmong(count, tops.length),
  }
}

export const sumQuestion = ({ x, y, lengths }: Arrows, said: Said['sum']): Question => ({
  ask: said.ask(x, y),
  options: said.options,
  truth: sumAmong(lengths.sum, lengths.x + lengths.y),
})

/** Whether all measures have the same word nearest to the first. */
export function agreeQuestion({ words, pairs }: Compared, said: Said['agree']): Question | undefined {
  const [first, ...others] = words.map(({ word }) => word)
  if (others.length < 2) return undefined
  const ofFirst = pairs.filter(({ a, b }) => a === 0 || b === 0)
  const nearest = measures.map((measure) =>
    nearestOf(
      measure,
      ofFirst.map(({ values }) => values[measure]),
    ),
  )
  return { ask: said.ask(measures.length, first, others), options: said.options, truth: agreeAmong(nearest) }
}

/** How many rules hold to the last digit. */
export function exactQuestion({ axioms }: Axioms, said: Said['exact']): Question {
  const exact = axioms.filter(({ holds, difference }) => holds && difference === 0).length
  return { ask: said.ask(axioms.length), options: said.options, truth: holdAmong(exact, axioms.length) }
}
