import { attention, attentionScores, HeedError, linear, randn, scale as times, softmax, tensor } from 'heed'
import { ablate } from 'heed/lens'
import type { Described, EncoderModel } from 'heed/models'
import type { Link } from '../answers.js'
import { given, type QuestionOf } from '../questions.js'
import { describeSite, indexOfMost, linkHead, mean, numbersOf, rowsOf } from './engine.js'
import type { Place, ProofFor, ProofRow } from './proof.js'

export interface MaskFacts {
  /** Outputs that change when a later word changes, over all such pairs. */
  leaks: number
  /** Outputs that do not change when their own word or an earlier one does. */
  misses: number
  /** By query. */
  weights: readonly (readonly number[])[]
}

const tokens = given.mask.tokens
const [T, D] = [tokens.length, 8]

export const mask: ProofFor<QuestionOf<'mask'>, MaskFacts> = {
  async run(_, forbidden) {
    const [q, k, v, otherK, otherV] = await Promise.all(
      [1, 2, 3, 4, 5].map((seed) => numbersOf(() => randn([T * D], { seed }))),
    )
    // Batch row 0 is as it is; in row j + 1 another word stands at j: its key and value are others.
    const withWord = (own: number[], other: number[], j: number) =>
      own.map((x, at) => (Math.floor(at / D) === j ? other[at] : x))
    const texts = [-1, ...tokens.keys()]
    const isForbidden = (i: number, j: number) => forbidden.some(([query, key]) => query === i && key === j)
    const allowed = tokens.flatMap((_, i) => tokens.map((_, j) => !isForbidden(i, j)))
    const inputs = () => ({
      q: tensor(
        texts.flatMap(() => q),
        [T + 1, T, 1, D],
      ),
      k: tensor(
        texts.flatMap((j) => withWord(k, otherK, j)),
        [T + 1, T, 1, D],
      ),
      mask: tensor(allowed, [1, 1, T, T]),
    })
    const out = await numbersOf(() => {
      const { q, k, mask } = inputs()
      return attention(
        q,
        k,
        tensor(
          texts.flatMap((j) => withWord(v, otherV, j)),
          k.shape,
        ),
        { mask },
      )
    })
    const weights = await numbersOf(() => {
      const { q, k, mask } = inputs()
      return softmax(attentionScores(q, k, { mask }))
    })
    const outputs = rowsOf(out, D)
    const isChanged = (i: number, j: number) =>
      outputs[i].some((x, c) => Math.abs(x - outputs[(j + 1) * T + i][c]) > 1e-6)
    const pairs = tokens.flatMap((_, i) => tokens.map((_, j) => [i, j] as const))
    return {
      leaks: pairs.filter(([i, j]) => j > i && isChanged(i, j)).length,
      misses: pairs.filter(([i, j]) => j <= i && !isChanged(i, j)).length,
      weights: rowsOf(weights.slice(0, T * T), T),
    }
  },
  conditions: {
    later: ({ leaks }) => leaks === 0,
    earlier: ({ misses }) => misses === 0,
  },
  slips: {
    open: ({ leaks, misses }) => leaks > 0 && misses === 0,
    turned: ({ leaks, misses }) => leaks > 0 && misses > 0,
    closed: ({ leaks, misses }) => leaks === 0 && misses > 0,
  },
  solve: async () => tokens.flatMap((_, i) => tokens.flatMap((_, j): Link[] => (j > i ? [[i, j]] : []))),
  rows: ({ weights }) =>
    weights.map((row, i): ProofRow => ({ id: 'asks', of: tokens[i], labels: tokens, weights: row })),
}

export interface ScaleFacts {
  divisor: number
  /** Of the scores that softmax gets, and the mean largest weight of a row. */
  variance: number
  peak: number
  /** How many scores, and keys of a row. */
  scores: number
  keys: number
}

const [queries, keys] = [256, 64]
const [lowest, highest] = given.scale.variance

export const scale: ProofFor<QuestionOf<'scale'>, ScaleFacts> = {
  async run(_, divisor) {
    const { size } = given.scale
    const all = await numbersOf(() => {
      const [q, k] = [randn([queries, size], { seed: 1 }), randn([keys, size], { seed: 2 })]
      return times(linear(q, k), 1 / divisor)
    })
    const rows = rowsOf(await numbersOf(() => softmax(tensor(all, [queries, keys]))), keys)
    const center = mean(all)
    return {
      divisor,
      variance: mean(all.map((x) => (x - center) ** 2)),
      peak: mean(rows.map((row) => Math.max(...row))),
      scores: all.length,
      keys,
    }
  },
  conditions: {
    variance: ({ variance }) => variance >= lowest && variance <= highest,
  },
  slips: {
    none: ({ divisor }) => divisor <= 1,
    size: ({ divisor }) => divisor === given.scale.size,
    small: ({ variance }) => variance > highest,
    large: ({ variance }) => variance < lowest,
  },
  solve: async () => Math.sqrt(given.scale.size),
}

export interface HeadsFacts {
  /** Heads of the layer that were kept; the output of all others was zeroed. */
  kept: readonly number[]
  /** What the model then says: by word, which word describes it. */
  said: readonly string[]
  /** Its probability of the right answer; 0 where it gives another. */
  probability: number
  /** By head, in the whole model: the row of the word that asks, and what it gives to the one that answers. */
  weights: readonly (readonly number[])[]
  links: readonly number[]
  labels: readonly string[]
  asks: number
}

/** More of a row than all the rest together. */
const half = 0.5
const { asks: word, answers: by } = given.sentence
const answer = (described: string, describing: string) => `${described}: ${describing}`

export const heads: ProofFor<QuestionOf<'heads'>, HeadsFacts> = {
  async run(engine, kept) {
    using link = await linkHead(engine)
    const { model, seen, asks, answers, labels } = link
    const all = Array.from({ length: model.heads }, (_, head) => head)
    const unknown = kept.find((head) => !all.includes(head))
    if (unknown !== undefined)
      throw new HeedError('not-found', `there is no head ${unknown}; heads are 0 to ${model.heads - 1}`)
    const rows = await Promise.all(all.map((head) => seen.map(describeSite, head).row(asks)))
    const said = await without(
      model,
      all.filter((head) => !kept.includes(head)),
      engine.signal,
    )
    const right = said.find((one) => one.position === asks && one.by.text.trim() === by)
    return {
      kept: all.filter((head) => kept.includes(head)),
      said: said.map(({ text, by }) => answer(text, by.text.trim())),
      probability: right?.by.probability ?? 0,
      weights: rows.map((row) => Array.from(row)),
      links: rows.map((row) => row[answers]),
      labels,
      asks,
    }
  },
  conditions: {
    answer: isRight,
    few: ({ kept }) => kept.length <= given.heads,
  },
  slips: {
    many: isRight,
    without: ({ kept, links }) => !kept.some((head) => links[head] > half),
    alone: (facts) => !isRight(facts),
  },
  /** Of all choices the smallest; of these the first. */
  async solve(engine) {
    const { heads: count } = await engine.model('heed-describe')
    const choices = Array.from({ length: 2 ** count }, (_, bits) =>
      Array.from({ length: count }, (_, head) => head).filter((head) => bits & (1 << head)),
    ).sort((a, b) => a.length - b.length)
    for (const choice of choices) if (isRight(await heads.run(engine, choice))) return choice
    return choices.at(-1)!
  },
  rows: ({ weights, labels }) =>
    weights.map((row, head): ProofRow => ({ id: 'head', of: String(head), labels, weights: row })),
  place: ({ links, asks }): Place => ({
    model: 'heed-describe',
    text: given.sentence.text,
    site: describeSite,
    head: indexOfMost(links),
    query: asks,
  }),
}

/** The model says the one right thing, and nothing else. */
function isRight({ said }: HeadsFacts): boolean {
  return said.length === 1 && said[0] === answer(word, by)
}

const without = (model: EncoderModel, heads: readonly number[], signal?: AbortSignal): Promise<Described[]> =>
  model.describe(given.sentence.text, { with: heads.length > 0 ? [ablate(describeSite, heads)] : [], signal })
