import { full } from 'heed'
import { loadModel } from 'heed/models'
import { afterAll, describe, expect, it } from 'vitest'
import type { Answer, Link } from '../answers.js'
import {
  isBuild,
  isChoice,
  isNumber,
  type QuestionId,
  questionIds,
  questionOf,
  questions,
} from '../questions.js'
import { answerText, conditionsOf, explanation, languages, proofText } from '../words/index.js'
import { type Engine, Prover, type QuizModel } from './index.js'

const models = {
  'heed-describe': await loadModel('heed-describe'),
  'heed-en-de': await loadModel('heed-en-de'),
}
const engine: Engine = { model: async (name) => models[name] as never }
const prover = new Prover(engine)
afterAll(() => {
  for (const model of Object.values(models)) model.dispose()
})

const words = Object.values(languages)

describe('every key follows from computing', () => {
  // The prover throws unless the facts bear out exactly one option.
  it.each(questions.filter(isChoice))(
    '$id: one option is true, all others are false',
    async ({ id, options }) => {
      const { key } = await prover.prove(id)
      expect(options).toContain(key)
      const verdicts = await Promise.all(options.map((option) => prover.judge(id, option)))
      expect(verdicts.map(({ isRight }) => isRight)).toEqual(options.map((option) => option === key))
      for (const said of words) {
        const reasons = verdicts.map((verdict) => explanation(said, verdict))
        expect(new Set(reasons).size).toBe(options.length)
      }
    },
  )

  it.each(questions.filter(isNumber))(
    '$id: the number, and slips that each lead elsewhere',
    async (question) => {
      const { id, within } = question
      const { key } = (await prover.prove(id)) as { key: number }
      for (const near of [key, key - 0.9 * within, key + 0.9 * within])
        expect(await prover.judge(id, near)).toMatchObject({ isRight: true })
      expect(await prover.judge(id, key + 3 * within)).toMatchObject({ isRight: false })
      expect((await prover.judge(id, 1e6)).why).toBeUndefined()
    },
  )

  it.each([
    ['cosine', { product: 250, distance: 45, ratio: 0.1, none: 0 }],
    ['score', { unscaled: 4, size: 1, times: 8, cosine: 0.42 }],
    ['mix', { mean: 6, strongest: 4, raw: 4.39, sum: 12, swapped: 7 }],
  ] as const)('%s: each slip is told apart', async (id, slips) => {
    expect(Object.keys(slips)).toEqual([...questionOf(id).slips])
    for (const [slip, number] of Object.entries(slips))
      expect(await prover.judge(id, number)).toMatchObject({ isRight: false, why: slip })
  })

  it('a model that has not learned it bears out no option', async () => {
    using untrained = await loadModel('heed-describe')
    // Without W_K every key is the same, and a row is flat.
    const name = `${untrained.inputProjections('layers.0.self')!.k.name}.weight`
    const old = untrained.weights[name]
    ;(untrained.weights as Record<string, typeof old>)[name] = full(old.shape, 0).keep()
    old.dispose()
    const other = new Prover({ model: async () => untrained as never })
    await expect(other.prove('training')).rejects.toThrow(/training: the engine finds 0 options true/)
  })

  it('an option that there is not', async () => {
    await expect(prover.judge('bank', 'river')).rejects.toThrow(/no option "river"/)
  })
})

describe('builds are judged by running them', () => {
  it.each(questions.filter(isBuild))(
    '$id: what was found by computing is right',
    async ({ id, conditions }) => {
      const { key } = await prover.prove(id)
      const verdict = await prover.judge(id, key)
      expect(verdict.isRight).toBe(true)
      expect(verdict.conditions).toEqual(conditions.map((condition) => ({ id: condition, holds: true })))
    },
  )

  const above: Link[] = [0, 1, 2, 3].flatMap((i) =>
    [0, 1, 2, 3].filter((j) => j > i).map((j): Link => [i, j]),
  )
  const cases: [QuestionId, string, Answer][] = [
    ['mask', 'open', []],
    ['mask', 'open', above.slice(1)],
    ['mask', 'turned', above.map(([i, j]): Link => [j, i])],
    ['mask', 'closed', [...above, ...[0, 1, 2, 3].map((i): Link => [i, i])]],
    ['mask', 'closed', [...above, [3, 0]]],
    ['scale', 'none', 1],
    ['scale', 'size', 256],
    ['scale', 'small', 12],
    ['scale', 'large', 20],
    ['heads', 'many', [0, 1, 2, 3]],
    ['heads', 'many', [0, 1, 2]],
    ['heads', 'without', []],
    ['heads', 'without', [1, 2]],
    ['heads', 'without', [1, 2, 3]],
    ['heads', 'alone', [0]],
  ]
  it.each(cases)('%s: what goes wrong is named: %s', async (id, why, answer) => {
    const verdict = await prover.judge(id, answer)
    expect(verdict).toMatchObject({ isRight: false, why })
    for (const said of words) expect(explanation(said, verdict)).not.toBe('')
  })

  it('every slip can happen', () => {
    for (const { id, slips } of questions.filter(isBuild))
      expect(new Set(cases.filter(([of]) => of === id).map(([, slip]) => slip))).toEqual(new Set(slips))
  })

  it('a mask takes six links and no other six', async () => {
    const six = new Set(((await prover.prove('mask')).key as readonly Link[]).map(String))
    expect(six).toEqual(new Set(above.map(String)))
  })

  it('a head that there is not', async () => {
    await expect(prover.judge('heads', [0, 4])).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('proofs in words', () => {
  it.each(questionIds)('%s: finite numbers, and a sentence in every language', async (id) => {
    const proof = await prover.prove(id)
    for (const n of numbersIn(proof.facts)) expect(Number.isFinite(n)).toBe(true)
    for (const said of words) {
      const texts = [proofText(said, proof), answerText(said, questionOf(id), proof.key)]
      for (const text of texts) expect(text).not.toMatch(/NaN|undefined|null|Infinity|\[object/)
      expect(texts[0]).toMatch(/\d/)
    }
    // Decimals have a comma in German; names of attentions keep their points.
    const german = proofText(languages.de, proof).replace(/\b(layers|encoder|decoder)\.\d\.\w+/g, '')
    expect(german.replace(/\b\d{1,3}(\.\d{3})+\b/g, '')).not.toMatch(/\d\.\d/)
    for (const { weights, labels } of proof.rows) expect(weights).toHaveLength(labels.length)
  })

  it('what the words say beside the numbers is so', async () => {
    const { facts } = await prover.prove('training')
    expect(facts.steps).toEqual([3, -1])
    expect((await prover.prove('roles')).facts.asking[4]).toBeGreaterThan(0.9)
    expect((await prover.prove('shift')).facts.overflows).toBe(true)
    expect((await prover.prove('scaling')).facts).toMatchObject({ keys: 64 })
    expect((await prover.prove('heads')).facts.weights).toHaveLength(4)
  })

  it('conditions say what a build reached', async () => {
    const verdict = await prover.judge('scale', 8)
    expect(conditionsOf(languages.de, verdict)).toEqual([
      {
        says: 'Varianz der Scores: von 0,9 bis 1,1',
        value: expect.stringMatching(/^3,\d{3}$/),
        holds: false,
      },
    ])
  })
})

describe('the prover', () => {
  it('proves once, and tries again after a failure', async () => {
    let asked = 0
    const model = ((name: QuizModel) => {
      if (++asked === 1) throw new Error('not yet')
      return models[name]
    }) as unknown as Engine['model']
    const once = new Prover({ model: async (name) => model(name) })
    await expect(once.prove('masked')).rejects.toThrow('not yet')
    const [a, b] = [await once.prove('masked'), await once.prove('masked')]
    expect(a).toBe(b)
    expect(asked).toBe(2)
  })
})

/** All numbers inside a value. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : []
}
