import { attentionScores, linear, randn, reshape, scope, softmax, type Tensor, tensor } from 'heed'
import { attentionInputs, type Capture, capture, forbid, headProjections } from 'heed/lens'
import { given, type QuestionOf } from '../questions.js'
import {
  describeSite,
  indexOfMost,
  type LinkFacts,
  linkHead,
  type LinkHead,
  mean,
  numbersOf,
  placesOf,
  rowsOf,
} from './engine.js'
import type { Place, ProofFor, ProofRow, RowId } from './proof.js'

/** The head by which the sentence's link comes, in the studio. */
const placeOf = ({ head, asks }: { head: number; asks: number }): Place => ({
  model: 'heed-describe',
  text: given.sentence.text,
  site: describeSite,
  head,
  query: asks,
})

/** Rows of the word that asks. */
const rowsOfAsking = (
  { labels, asks }: LinkFacts,
  rows: Partial<Record<RowId, readonly number[]>>,
): ProofRow[] =>
  Object.entries(rows).map(([id, weights]) => ({ id: id as RowId, of: labels[asks], labels, weights }))

export interface RolesFacts extends LinkFacts {
  /** Rows of the two words. */
  asking: readonly number[]
  answering: readonly number[]
  /** Over all pairs of the sentence, the largest |w_ij − w_ji| and |w_ij + w_ji − 1|. */
  asymmetry: number
  off: number
  /** Pairs of which one direction has no weight at all, of how many. */
  oneWay: number
  pairs: number
  /** Scaled scores, there and back. */
  scores: readonly [number, number]
}

export const roles: ProofFor<QuestionOf<'roles'>, RolesFacts> = {
  async prove(engine) {
    using link = await linkHead(engine)
    const { seen, head, asks, answers, labels } = link
    const map = seen.map(describeSite, head)
    const rows = rowsOf(Array.from(await map.tile()), map.cols)
    const pairs = rows.flatMap((_, i) => rows.slice(i + 1).map((_, n) => [i, i + 1 + n] as const))
    return {
      head,
      asks,
      answers,
      labels,
      asking: rows[asks],
      answering: rows[answers],
      asymmetry: Math.max(...pairs.map(([i, j]) => Math.abs(rows[i][j] - rows[j][i]))),
      off: Math.max(...pairs.map(([i, j]) => Math.abs(rows[i][j] + rows[j][i] - 1))),
      oneWay: pairs.filter(([i, j]) => rows[i][j] === 0 || rows[j][i] === 0).length,
      pairs: pairs.length,
      scores: [
        await map.cell(asks, answers, { stage: 'scores' }),
        await map.cell(answers, asks, { stage: 'scores' }),
      ],
    }
  },
  claims: {
    same: ({ asymmetry }) => asymmetry < 0.01,
    rest: ({ off }) => off < 0.01,
    nothing: ({ asymmetry, off, oneWay }) => asymmetry >= 0.01 && off >= 0.01 && oneWay === 0,
    zero: ({ oneWay, pairs }) => oneWay === pairs,
  },
  rows: ({ labels, asks, answers, asking, answering }) => [
    { id: 'asks', of: labels[asks], labels, weights: asking },
    { id: 'asks', of: labels[answers], labels, weights: answering },
  ],
  place: placeOf,
}

export interface ProjectionsFacts extends LinkFacts {
  /** Rows whose largest weight is the word's own: with x as query and key, and through W_Q and W_K. */
  own: number
  learned: number
  /** Different words that win a row, with x as query and key. */
  winners: number
  /** Random texts of as many tokens, and the share of their rows that look most at themselves. */
  texts: number
  random: number
  /** The asking word's rows. */
  ownRow: readonly number[]
  learnedRow: readonly number[]
}

export const projections: ProofFor<QuestionOf<'projections'>, ProjectionsFacts> = {
  async prove(engine) {
    using link = await linkHead(engine)
    const { model, seen, head, asks, answers, labels } = link
    const [T, texts] = [labels.length, 200]
    using inputs = heldInputs(() => attentionInputs(model, seen, describeSite))
    const x = Array.from(await inputs.queries.read.data())
    const D = x.length / T
    const own = rowsOf(await plainWeights(x, [1, T, D]), T)
    const drawn = await numbersOf(() => randn([texts * T * D], { seed: 1 }))
    const random = rowsOf(await plainWeights(drawn, [texts, T, D]), T)
    const map = seen.map(describeSite, head)
    const learned = rowsOf(Array.from(await map.tile()), T)
    const looksAtItself = (row: readonly number[], at: number) => indexOfMost(row) === at % T
    return {
      head,
      asks,
      answers,
      labels,
      own: own.filter(looksAtItself).length,
      learned: learned.filter(looksAtItself).length,
      winners: new Set(own.map(indexOfMost)).size,
      texts,
      random: random.filter(looksAtItself).length / random.length,
      ownRow: own[asks],
      learnedRow: learned[asks],
    }
  },
  claims: {
    similar: ({ own }) => own === 0,
    training: ({ random }) => random < 1,
    one: ({ winners }) => winners === 1,
    itself: ({ own, labels, random }) => own === labels.length && random === 1,
  },
  rows: (facts) => rowsOfAsking(facts, { own: facts.ownRow, learned: facts.learnedRow }),
  place: placeOf,
}

/** softmax of x_i·x_j, [B, T, T], each x of [B, T, D] scaled to length 1. */
function plainWeights(x: readonly number[], [B, T, D]: readonly [number, number, number]): Promise<number[]> {
  const rows = rowsOf(x, D)
  const unit = rows.flatMap((row) => {
    const length = Math.hypot(...row)
    return row.map((value) => value / length)
  })
  return numbersOf(() => {
    const q = tensor(unit, [B, T, 1, D])
    return softmax(attentionScores(q, q, { scale: 1 }))
  })
}

/** What projections read, freed at the end of the block. */
function heldInputs<I extends ReturnType<typeof attentionInputs>>(make: () => I): I & Disposable {
  const inputs = scope(make)
  const all = [inputs.queries.stream, inputs.queries.read, inputs.keys.stream, inputs.keys.read]
  return { ...inputs, [Symbol.dispose]: () => all.forEach((t) => t.dispose()) }
}

export interface TrainingFacts extends LinkFacts {
  parameters: number
  /** Pairs of words in the vocabulary. */
  pairs: number
  /** The link's weight as trained, and its mean over random W_Q and W_K of the same spread. */
  trained: number
  random: number
  draws: number
  /** Distance of the asking word's queries in two sentences, as a share of the first one's length. */
  apart: number
  /** Places from the asking word to the one it looks at most, in either sentence. */
  steps: readonly [number, number]
  trainedRow: readonly number[]
  randomRow: readonly number[]
}

export const training: ProofFor<QuestionOf<'training'>, TrainingFacts> = {
  async prove(engine) {
    using link = await linkHead(engine)
    const { model, seen, head, asks, answers, labels } = link
    const row = await seen.map(describeSite, head).row(asks)
    using other = await capture(model, given.other, { sites: [describeSite], signal: engine.signal })
    const tokens = other.of!.tokens.source
    const [asksThere] = placesOf(given.sentence.asks, given.other, tokens)
    const rowThere = await other.map(describeSite, head).row(asksThere)
    const [here, there] = [await queryOf(seen, head, asks), await queryOf(other, head, asksThere)]
    const randomRows = await rowsOfRandom(link, 20)
    return {
      head,
      asks,
      answers,
      labels,
      parameters: Object.values(model.weights).reduce((sum, { size }) => sum + size, 0),
      pairs: model.tokenizer!.vocabSize ** 2,
      trained: row[answers],
      random: mean(randomRows.map((row) => row[answers])),
      draws: randomRows.length,
      apart: Math.hypot(...here.map((x, c) => x - there[c])) / Math.hypot(...here),
      steps: [indexOfMost(row) - asks, indexOfMost(rowThere) - asksThere],
      trainedRow: Array.from(row),
      randomRow: labels.map((_, j) => mean(randomRows.map((row) => row[j]))),
    }
  },
  claims: {
    matrices: ({ trained, random }) => trained > 2 * random,
    map: ({ parameters, pairs }) => parameters >= pairs,
    vectors: ({ apart }) => apart === 0,
    place: ({ steps: [here, there] }) => here === there,
  },
  rows: (facts) => rowsOfAsking(facts, { learned: facts.trainedRow, random: facts.randomRow }),
  place: placeOf,
}

/** One token's query in a head, [d]. */
async function queryOf(seen: Capture, head: number, at: number): Promise<number[]> {
  const { q } = seen.attention(describeSite)
  const [, , H, d] = q.shape
  const all = await q.data()
  return Array.from(all.subarray((at * H + head) * d, (at * H + head + 1) * d))
}

/** The asking word's rows with W_Q and W_K drawn anew, with the spread of the head's own and no biases. */
async function rowsOfRandom({ model, seen, head, asks }: LinkHead, draws: number): Promise<number[][]> {
  using inputs = heldInputs(() => attentionInputs(model, seen, describeSite))
  const found = scope(() => headProjections(model, seen, describeSite, head))
  try {
    const spread = async (t: Tensor) => Math.sqrt(mean(Array.from(await t.data(), (x) => x * x)))
    const stds = [await spread(found.q.weight), await spread(found.k.weight)]
    const [D, d] = found.q.weight.shape
    const T = inputs.queries.read.shape[1]
    const rows: number[][] = []
    for (let seed = 1; seed <= draws; seed++) {
      const weights = await numbersOf(() => {
        const [q, k] = stds.map((std, n) => {
          const W = randn([d, D], { seed: 2 * seed + n, std })
          return reshape(linear(inputs.queries.read, W), [1, T, 1, d])
        })
        return softmax(attentionScores(q, k))
      })
      rows.push(weights.slice(asks * T, (asks + 1) * T))
    }
    return rows
  } finally {
    for (const { weight, bias } of Object.values(found)) for (const t of [weight, bias]) t?.dispose()
  }
}

export interface MaskedFacts extends LinkFacts {
  before: readonly number[]
  after: readonly number[]
  /** What the forbidden word had. */
  taken: number
  /** Of the row behind the mask. */
  sum: number
  /** The smallest and the largest factor by which another weight grew, and what it grew by. */
  factors: readonly [number, number]
  gains: readonly [number, number]
  /** The gain that is second in size. */
  second: number
}

export const masked: ProofFor<QuestionOf<'masked'>, MaskedFacts> = {
  async prove(engine) {
    using link = await linkHead(engine)
    const { model, seen, head, asks, answers, labels } = link
    const before = Array.from(await seen.map(describeSite, head).row(asks))
    using changed = await capture(model, given.sentence.text, {
      sites: [describeSite],
      with: [forbid(describeSite, [[asks, answers]], { heads: [head] })],
      signal: engine.signal,
    })
    const after = Array.from(await changed.map(describeSite, head).row(asks))
    const others = labels.map((_, j) => j).filter((j) => j !== answers)
    const gains = others.map((j) => after[j] - before[j]).sort((a, b) => a - b)
    const factors = others.map((j) => after[j] / before[j])
    return {
      head,
      asks,
      answers,
      labels,
      before,
      after,
      taken: before[answers],
      sum: after.reduce((a, b) => a + b, 0),
      factors: [Math.min(...factors), Math.max(...factors)],
      gains: [gains[0], gains.at(-1)!],
      second: gains.at(-2)!,
    }
  },
  claims: {
    stay: ({ gains, sum }) => gains[1] < 1e-4 && sum < 0.999,
    even: ({ gains, taken }) => gains[1] - gains[0] < 1e-2 * taken,
    next: ({ second, taken }) => second < 1e-2 * taken,
    grow: ({ factors, sum }) => factors[0] > 1 && factors[1] / factors[0] < 1.001 && Math.abs(sum - 1) < 1e-5,
  },
  rows: (facts) => rowsOfAsking(facts, { before: facts.before, after: facts.after }),
  place: placeOf,
}
