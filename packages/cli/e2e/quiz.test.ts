import { readFile, writeFile } from 'node:fs/promises'
import { type Answer, formatAnswer, optionsOf, type QuestionId, questionIds, questionOf } from 'heed-learn'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { fails, heed, ok, temporaryFolder } from './heed.js'

const folder = await temporaryFolder()
afterAll(() => folder[Symbol.asyncDispose]())

interface Document {
  language: string
  score: { right: number; answered: number; total: number; isDone: boolean }
  missed: QuestionId[]
  answers: {
    id: QuestionId
    answer: Answer | null
    right: boolean
    explanation: string
    key?: Answer
    proof?: string
    facts?: object
  }[]
}

/** Every test has a home of its own. */
let n = 0
let env: Record<string, string>
const kept = () => `${env.XDG_STATE_HOME}/heed/quiz.json`
beforeEach(() => {
  env = { XDG_STATE_HOME: folder.path(String(n++)), COLUMNS: '80' }
})
const quiz = async (answers: readonly string[], ...args: string[]): Promise<Document> =>
  JSON.parse(await ok(['quiz', '--json', ...args], { input: `${answers.join('\n')}\n`, env })) as Document

/** As one would type it in a round of this seed. */
const typed = (id: QuestionId, key: Answer, seed: number): string =>
  typeof key === 'string' ? String(optionsOf(questionOf(id), seed).indexOf(key) + 1) : formatAnswer(key)

it('a whole quiz: given up, answered, reviewed, begun anew', { timeout: 120_000 }, async () => {
  const given = await quiz(Array(15).fill('?'))
  expect(given.answers.map(({ id }) => id)).toEqual(questionIds)
  for (const { answer, right, explanation, proof } of given.answers) {
    expect([answer, right]).toEqual([null, false])
    expect(explanation).not.toBe('')
    expect(proof).toMatch(/\d/)
  }
  expect(given.score).toEqual({ right: 0, answered: 15, total: 15, isDone: false })

  // The keys are what was computed just now.
  const keys = new Map(given.answers.map(({ id, key }) => [id, key!]))
  const right = (ids: readonly QuestionId[], seed: number) => ids.map((id) => typed(id, keys.get(id)!, seed))
  const answered = await quiz(right(questionIds, 0))
  expect(answered.answers.map(({ right }) => right)).toEqual(Array(15).fill(true))
  expect(answered.score).toEqual({ right: 0, answered: 15, total: 15, isDone: true })
  expect(answered.missed).toEqual(questionIds)
  expect(await ok(['quiz'], { env })).toMatch(
    /^Done: 0 of 15 right.*\n15 questions were missed; heed quiz --review/,
  )

  const reviewed = await quiz(right(questionIds, 0), '--review')
  expect([reviewed.missed, reviewed.score.right]).toEqual([[], 0])
  expect(await ok(['quiz', '--review', '--language', 'de'], { env })).toBe('Nichts ging daneben.\n')

  const anew = await quiz(['q'], '--restart')
  expect(anew.score).toEqual({ right: 0, answered: 0, total: 15, isDone: false })
  const { seed, queue } = JSON.parse(await readFile(kept(), 'utf8')) as { seed: number; queue: QuestionId[] }
  expect(seed).toBe(1)
  expect(queue).not.toEqual(questionIds)
  expect((await quiz(right(queue, 1))).score).toEqual({ right: 15, answered: 15, total: 15, isDone: true })
})

describe('in words', () => {
  it('a miss is explained without the answer, and comes back; what is right is proved', async () => {
    const said = await ok(['quiz'], { input: '1\n2\n', env })
    expect(said).toMatch(/^Fifteen questions on attention\n/)
    expect(said).toContain('Question 1 of 15 · embeddings · one answer')
    expect(said).toMatch(/✗ Not so\. That is what the layers make of them/)
    const [miss, hit] = said.split('Question 2 of 15')
    expect(miss).not.toContain('Proof')
    expect(hit).toMatch(/✓ Right\.[^]*Proof, computed just now, [\d,]+ ms\n[^]*cosine is 0\.\d\d/)
    expect(said).toMatch(/1 of 2 right at the first try; 2 of 15 answered; heed quiz goes on from here\.\n$/)
    expect(said.split('\n').every((line) => line.length <= 80)).toBe(true)
  })

  it('a build says its conditions until they hold, and is no miss before', async () => {
    const keep = { seed: 0, queue: ['mask'], first: {}, missed: [] }
    await ok(['quiz', '--restart'], { input: 'q', env })
    const others = Object.fromEntries(questionIds.filter((id) => id !== 'mask').map((id) => [id, true]))
    await writeFile(kept(), JSON.stringify({ ...keep, first: others }))
    const said = await ok(['quiz', '--language', 'de'], { input: '-\n2>1\n1>2 1>3 1>4 2>3 2>4 3>4\n', env })
    expect(said).toMatch(/✗ Noch nicht\.[^]*✗ Ausgaben, die sich mit einem späteren Wort ändern: keine \(6\)/)
    expect(said).toMatch(/✓ Richtig\.[^]*✓ .*keine \(0\)/)
    expect(said).toMatch(/elephant +\.\d\d/)
    expect(said).toContain('Fertig: 15 von 15 beim ersten Mal richtig.')
  })

  it('a list, as a table and as JSON', async () => {
    const lines = (await ok(['quiz', '--list'], { env })).trimEnd().split('\n')
    expect(lines).toHaveLength(16)
    expect(lines[15]).toMatch(/^15 +heads +queries, keys, values.* +3 +open$/)
    const { questions } = JSON.parse(await ok(['quiz', '--list', '--json', '--language', 'de'], { env })) as {
      questions: { id: string; question: string; options?: object[] }[]
    }
    expect(questions.map(({ id }) => id)).toEqual(questionIds)
    expect(questions[1].question).toMatch(/^„hot“ und „cold“/)
    expect(questions[1].options).toHaveLength(4)
  })
})

it('Ctrl-C keeps what was answered', async () => {
  const ran = await heed(['quiz'], { input: '3\n'.repeat(15), env, interruptAt: /Question 3 of 15/ })
  expect(ran.code).toBe(1)
  expect(ran.stderr).toMatch(
    /^heed: stopped; \d+ of 15 are answered, which is kept: heed quiz goes on from here\n$/,
  )
  const { first } = JSON.parse(await readFile(kept(), 'utf8')) as { first: object }
  expect(Object.keys(first).length).toBeGreaterThanOrEqual(2)
})

describe('what cannot be', () => {
  it('nobody to answer, or no answer', async () => {
    await fails(1, ['quiz'], /run it at a terminal, or give answers on standard input/, { env })
    await fails(1, ['quiz', '--json'], /“maybe” is no answer to the question bank; it takes 1 to 4/, {
      input: 'maybe\n',
      env,
    })
  })

  it('progress that is none', async () => {
    await quiz(['q'], '--restart')
    await writeFile(kept(), '{"seed": "x"}')
    await fails(
      1,
      ['quiz', '--list'],
      /quiz\.json: is no progress of the quiz; heed quiz --restart begins anew/,
      { env },
    )
    await writeFile(kept(), 'not JSON')
    await fails(1, ['quiz'], /--restart begins anew/, { env })
    expect((await quiz(['q'], '--restart')).score.answered).toBe(0)
  })

  it('a home that cannot be written: says so, and asks all the same', async () => {
    await writeFile(folder.path('file'), '')
    const ran = await heed(['quiz', '--json'], { input: '1\n', env: { XDG_STATE_HOME: folder.path('file') } })
    expect(ran.code).toBe(0)
    expect(ran.stderr).toMatch(/^heed: progress is not kept: /)
    expect((JSON.parse(ran.stdout) as Document).score.answered).toBe(1)
  })

  it('wrong arguments', async () => {
    await fails(2, ['quiz', '--language', 'fr'], /Allowed choices are en, de/)
    await fails(2, ['quiz', '--review', '--restart'], /cannot be used with/)
    await fails(2, ['quiz', 'bank'], /too many arguments/)
  })

  it('has help with examples', async () => {
    expect(await ok(['quiz', '--help'], { env })).toMatch(/Examples:\n {2}heed quiz\n/)
  })
})
