import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { isBuild, type QuestionId, questionIds, questionOf, questions } from './questions.js'
import {
  answered,
  begin,
  minutesLeft,
  optionsOf,
  type Progress,
  readProgress,
  retake,
  review,
  reviewed,
  scoreOf,
  stateOf,
} from './session.js'

const seed = fc.nat(1000)
/** Whether each answer is right, one after another; when they are used up, the rest is right. */
const tries = fc.array(fc.boolean(), { maxLength: 60 })

/** Answers the next question until nothing is left; gives every state. */
function play(from: Progress, rights: readonly boolean[]): { states: Progress[]; asked: QuestionId[] } {
  const states = [from]
  const asked: QuestionId[] = []
  for (let n = 0; states.at(-1)!.queue.length > 0; n++) {
    const [id] = states.at(-1)!.queue
    asked.push(id)
    states.push(answered(states.at(-1)!, id, rights[n] ?? true))
  }
  return { states, asked }
}

it('asks everything once before a miss comes back, and ends when all is right', () =>
  fc.assert(
    fc.property(seed, tries, (seed, rights) => {
      const { states, asked } = play(begin({ seed }), rights)
      const n = questionIds.length
      expect(new Set(asked.slice(0, n))).toEqual(new Set(questionIds))
      const last = states.at(-1)!
      expect(scoreOf(last)).toEqual({
        right: asked.slice(0, n).filter((_, i) => rights[i] ?? true).length,
        answered: n,
        total: n,
        isDone: true,
      })
      // Whatever was wrong was asked again, and right at last.
      for (const id of questionIds) {
        const answers = asked.flatMap((other, i) => (other === id ? [rights[i] ?? true] : []))
        expect(answers.at(-1)).toBe(true)
        expect(answers.slice(0, -1)).not.toContain(true)
      }
      expect(new Set(last.missed)).toEqual(new Set(asked.slice(0, n).filter((_, i) => !(rights[i] ?? true))))
    }),
  ))

it('answers in any order count the same', () =>
  fc.assert(
    fc.property(fc.shuffledSubarray([...questionIds]), fc.boolean(), (ids, isRight) => {
      const after = ids.reduce((progress, id) => answered(progress, id, isRight), begin())
      expect(scoreOf(after)).toMatchObject({
        answered: ids.length,
        right: isRight ? ids.length : 0,
        total: 15,
      })
      expect(after.queue.length).toBe(isRight ? 15 - ids.length : 15)
    }),
  ))

it('a shuffle keeps all questions, builds last, and is the same for the same seed', () =>
  fc.assert(
    fc.property(seed, (seed) => {
      const { queue } = begin({ seed })
      expect(new Set(queue)).toEqual(new Set(questionIds))
      expect(queue.slice(-3).every((id) => isBuild(questionOf(id)))).toBe(true)
      expect(begin({ seed }).queue).toEqual(queue)
      for (const question of questions)
        if (question.kind === 'choice')
          expect(new Set(optionsOf(question, seed))).toEqual(new Set(question.options))
    }),
  ))

it('the first round is in the order as written, others are not', () => {
  const first = begin()
  expect(first.queue).toEqual(questionIds)
  const orders = [1, 2, 3, 4, 5, 6].map((seed) => begin({ seed }).queue.join())
  expect(new Set([...orders, first.queue.join()]).size).toBe(7)
  const question = questionOf('bank')
  expect(optionsOf(question, 0)).toEqual(question.options)
  const places = [...Array(40).keys()].map((seed) => optionsOf(question, seed + 1).indexOf('same'))
  expect(new Set(places).size).toBe(4)
})

it('a retake is another round, without misses', () => {
  const missed = answered(begin(), 'bank', false)
  expect(retake(missed)).toEqual(begin({ seed: 1 }))
})

it('a review asks what was missed, and lets go of what is right at once', () =>
  fc.assert(
    fc.property(tries, tries, (rights, again) => {
      const round = play(begin(), rights).states.at(-1)!
      const { states, asked } = play(review(round), again)
      const n = round.missed.length
      expect(new Set(asked)).toEqual(new Set(round.missed))
      const after = reviewed(round, states.at(-1)!)
      const right = new Set(asked.slice(0, n).filter((_, i) => again[i] ?? true))
      expect(after.missed).toEqual(round.missed.filter((id) => !right.has(id)))
      expect(scoreOf(after)).toEqual(scoreOf(round))
    }),
  ))

it('progress survives JSON at every step', () =>
  fc.assert(
    fc.property(seed, tries, (seed, rights) => {
      for (const state of play(begin({ seed }), rights).states)
        expect(readProgress(JSON.parse(JSON.stringify(state)))).toEqual(state)
    }),
    { numRuns: 20 },
  ))

it('whatever was kept, progress is whole or not at all', () =>
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json().map((text) => JSON.parse(text) as unknown),
        damaged(),
      ),
      (kept) => {
        const read = readProgress(kept)
        if (!read) return
        const { states } = play(read, [])
        expect(scoreOf(states.at(-1)!)).toMatchObject({ isDone: true, total: 15 })
        expect(read.missed.every((id) => read.first[id] !== undefined)).toBe(true)
      },
    ),
  ))

/** Progress as a later or an earlier version, or a hand, may have left it. */
function damaged(): fc.Arbitrary<unknown> {
  const ids = fc.array(fc.oneof(fc.constantFrom(...questionIds, 'gone'), fc.string(), fc.integer()))
  const first = fc.dictionary(fc.constantFrom(...questionIds, 'gone'), fc.oneof(fc.boolean(), fc.string()))
  return fc.record({ seed: fc.oneof(fc.nat(), fc.double()), queue: ids, first, missed: ids })
}

it('counts the minutes that are left', () => {
  expect(minutesLeft(begin())).toBe(23)
  expect(minutesLeft(answered(begin(), 'space', true))).toBe(21)
  expect(minutesLeft(answered(begin(), 'space', false))).toBe(23)
})

it('says how a question stands', () => {
  const missed = answered(begin(), 'bank', false)
  const states = [begin(), missed, answered(missed, 'bank', true), answered(begin(), 'bank', true)]
  expect(states.map((state) => stateOf(state, 'bank'))).toEqual(['open', 'missed', 'later', 'right'])
})
