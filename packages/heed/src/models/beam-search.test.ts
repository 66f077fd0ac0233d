import { array, assert, integer, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomUnit } from '../backends/random.js'
import { coded } from '../testing/index.js'
import { beamSearch, penalty, type SearchOptions, type Stepper, topIds } from './beam-search.js'

const [bos, eos] = [1, 2]

/** A model whose next-token probabilities are a fixed function of the sentence and all tokens before. */
class TableModel implements Stepper {
  rows: { sentence: number; tokens: number[] }[]
  steps = 0

  constructor(
    sentences: number,
    private beam: number,
    private probabilityOf: (sentence: number, tokens: readonly number[]) => number[],
  ) {
    this.rows = Array.from({ length: sentences * beam }, (_, r) => ({
      sentence: Math.floor(r / beam),
      tokens: [],
    }))
  }

  async step(tokens: Int32Array): Promise<Float64Array> {
    this.steps++
    expect(tokens.length).toBe(this.rows.length)
    this.rows = this.rows.map(({ sentence, tokens: old }, r) => ({ sentence, tokens: [...old, tokens[r]] }))
    return Float64Array.from(
      this.rows.flatMap(({ sentence, tokens }) => this.probabilityOf(sentence, tokens)),
    )
  }

  select(rows: Int32Array, sentences: Int32Array | undefined): void {
    const stay = new Set(this.rows.map(({ sentence }) => sentence))
    const old = [...stay]
    this.rows = Array.from(rows, (row) => this.rows[row])
    const staying = Array.from(sentences ?? old.keys(), (s) => old[s])
    this.rows.forEach(({ sentence }, r) => expect(sentence).toBe(staying[Math.floor(r / this.beam)]))
  }
}

function randomTable(seed: number, vocabulary: number) {
  return (sentence: number, tokens: readonly number[]): number[] => {
    const key = tokens.reduce((h, t) => h * 31 + t + 1, seed * 7 + sentence + 1)
    const e = Array.from({ length: vocabulary }, (_, i) => Math.exp(4 * randomUnit(key, i)))
    const sum = e.reduce((a, b) => a + b, 0)
    return e.map((x) => x / sum)
  }
}

// Ending at once has p 0.6; what goes on has 0.4 and may still reach 0.4 with the end sure to follow.
const patient = (_: number, tokens: readonly number[]) =>
  tokens.length === 1 ? [0, 0, 0.6, 0.4] : [0, 0, tokens.length === 4 ? 1 : 0, tokens.length === 4 ? 0 : 1]

const optionsOf = (options: Partial<SearchOptions> & Pick<SearchOptions, 'limits'>): SearchOptions => ({
  beam: 1,
  lengthPenalty: 0.6,
  bos,
  eos,
  banned: [0, bos],
  ...options,
})

const searchPatient = async (lengthPenalty: number) => {
  const model = new TableModel(1, 2, patient)
  const [{ tokens }] = await beamSearch(model, optionsOf({ beam: 2, limits: [9], lengthPenalty }))
  return { length: tokens.length, steps: model.steps }
}

/** The best complete output by trying all. */
function exhaustive(
  table: ReturnType<typeof randomTable>,
  sentence: number,
  vocabulary: number,
  limit: number,
  alpha: number,
) {
  let best = { tokens: [] as number[], score: -Infinity }
  const visit = (tokens: number[], logProb: number) => {
    const p = table(sentence, [bos, ...tokens])
    const score = (logProb + Math.log(p[eos])) / penalty(tokens.length + 1, alpha)
    if (score > best.score) best = { tokens, score }
    if (tokens.length + 1 === limit) return
    for (let token = 3; token < vocabulary; token++) visit([...tokens, token], logProb + Math.log(p[token]))
  }
  visit([], 0)
  return best
}

describe('beamSearch', () => {
  test('with room for all hypotheses it finds the best of all outputs', async () => {
    for (const lengthPenalty of [0, 0.6, 1.5, -0.5])
      for (const seed of [1, 2, 3]) {
        const [vocabulary, limits] = [5, [4, 2, 3]]
        const table = randomTable(seed, vocabulary)
        const model = new TableModel(3, 64, table)
        // As many ends as there are outputs: only a certain winner stops the search early.
        const found = await beamSearch(model, optionsOf({ beam: 64, limits, lengthPenalty }))
        limits.forEach((limit, s) => {
          const best = exhaustive(table, s, vocabulary, limit, lengthPenalty)
          expect(found[s].tokens).toEqual(best.tokens)
          expect(found[s].score).toBeCloseTo(best.score, 10)
        })
      }
  })

  test('beam 1 follows the likeliest token to the end', async () => {
    const vocabulary = 12
    const table = randomTable(5, vocabulary)
    const limits = [9, 1, 6, 9]
    const found = await beamSearch(new TableModel(4, 1, table), optionsOf({ limits }))
    limits.forEach((limit, s) => {
      const tokens: number[] = []
      let logProb = 0
      for (;;) {
        const p = table(s, [bos, ...tokens])
        const allowed = tokens.length + 1 === limit ? [eos] : [...p.keys()].filter((id) => id > bos)
        const next = allowed.reduce((a, b) => (p[b] > p[a] ? b : a))
        logProb += Math.log(p[next])
        if (next === eos) break
        tokens.push(next)
      }
      expect(found[s].tokens).toEqual(tokens)
      expect(found[s].logProb).toBeCloseTo(logProb, 12)
      expect(found[s].score).toBeCloseTo(logProb / ((5 + tokens.length + 1) / 6) ** 0.6, 12)
    })
  })

  test('a wider beam finds better outputs over many sentences, and the same again', async () => {
    const limits = Array<number>(40).fill(8)
    const total = async (beam: number) => {
      const found = await beamSearch(
        new TableModel(40, beam, randomTable(9, 20)),
        optionsOf({ beam, limits }),
      )
      return found.reduce((sum, { score }) => sum + score, 0)
    }
    const [one, four] = [await total(1), await total(4)]
    expect(four).toBeGreaterThan(one)
    expect(await total(4)).toBe(four)
  })

  test('sentences together find what each finds alone', async () => {
    const [vocabulary, limits] = [15, [3, 12, 7, 12, 5]]
    const table = randomTable(4, vocabulary)
    const together = await beamSearch(new TableModel(5, 3, table), optionsOf({ beam: 3, limits }))
    for (const [s, limit] of limits.entries()) {
      const model = new TableModel(1, 3, (_, tokens) => table(s, tokens))
      const [alone] = await beamSearch(model, optionsOf({ beam: 3, limits: [limit] }))
      expect(together[s]).toEqual(alone)
    }
  })

  test('it stops when nothing alive can win, and not before', async () => {
    expect(await searchPatient(0)).toEqual({ length: 0, steps: 1 })
    expect(await searchPatient(2)).toEqual({ length: 3, steps: 4 })
  })

  test('a certain end needs no other hypotheses', async () => {
    const model = new TableModel(1, 4, () => [0, 0, 1])
    expect(await beamSearch(model, optionsOf({ beam: 4, limits: [5] }))).toEqual([
      { tokens: [], logProb: 0, score: 0 },
    ])
  })

  test('damaged models, silly options and signals are errors', async () => {
    const nan = new TableModel(1, 1, () => [NaN, NaN, NaN, NaN])
    await expect(beamSearch(nan, optionsOf({ limits: [3] }))).rejects.toThrow(coded('format', 'damaged'))
    const model = new TableModel(1, 1, randomTable(1, 4))
    await expect(beamSearch(model, optionsOf({ limits: [3], beam: 0 }))).rejects.toThrow(
      coded('option', 'beam', '0'),
    )
    await expect(beamSearch(model, optionsOf({ limits: [3], lengthPenalty: NaN }))).rejects.toThrow(
      coded('option', 'lengthPenalty', 'NaN'),
    )
    await expect(beamSearch(model, optionsOf({ limits: [3], signal: AbortSignal.abort() }))).rejects.toThrow(
      coded('aborted'),
    )
  })
})

test('topIds is a stable sort cut short', () => {
  assert(
    property(
      array(integer({ min: -2, max: 6 }), { maxLength: 30 }),
      integer({ min: 1, max: 8 }),
      (row, k) => {
        const all = [...row.keys()].filter((id) => row[id] > 0).sort((a, b) => row[b] - row[a] || a - b)
        expect(topIds(row, k)).toEqual(all.slice(0, k))
        const any = [...row.keys()].sort((a, b) => row[b] - row[a] || a - b)
        expect(topIds(row, k, -Infinity)).toEqual(any.slice(0, k))
      },
    ),
  )
})
