import { HeedTypeError } from 'heed'
import type { Answer, Answers } from '../answers.js'
import { isBuild, isChoice, type Question, type QuestionId, questionOf } from '../questions.js'
import * as attention from './attention.js'
import * as builds from './builds.js'
import * as embeddings from './embeddings.js'
import type { Engine } from './engine.js'
import * as formula from './formula.js'
import type { BuildProof, ChoiceProof, NumberProof, Place, ProofFor, ProofRow } from './proof.js'

export type { Engine, QuizModel } from './engine.js'
export type { Place, ProofRow, RowId } from './proof.js'

/** What each proof finds. */
export interface Facts {
  bank: embeddings.BankFacts
  opposites: embeddings.OppositesFacts
  space: embeddings.SpaceFacts
  cosine: embeddings.CosineFacts
  roles: attention.RolesFacts
  projections: attention.ProjectionsFacts
  training: attention.TrainingFacts
  score: formula.ScoreFacts
  scaling: formula.ScalingFacts
  shift: formula.ShiftFacts
  masked: attention.MaskedFacts
  mix: formula.MixFacts
  mask: builds.MaskFacts
  scale: builds.ScaleFacts
  heads: builds.HeadsFacts
}

/** Every question has one: the compiler asks for it. */
const proofs: { [Q in Question as Q['id']]: ProofFor<Q, Facts[Q['id']]> } = {
  ...embeddings,
  ...attention,
  ...formula,
  ...builds,
}

/** Facts, found here and now, and what follows from them. */
export interface Proof<Id extends QuestionId = QuestionId> {
  id: Id
  facts: Facts[Id]
  rows: readonly ProofRow[]
  /** Where the studio shows the same, if it does. */
  place?: Place
  /** What is right: an option, a number, or a build that reaches what is asked. */
  key: Answer
  /** That the proof took. */
  milliseconds: number
}

/** What is to be said of an answer. */
export interface Verdict<Id extends QuestionId = QuestionId> extends Proof<Id> {
  answer: Answer
  isRight: boolean
  /** The option, or the slip that the answer shows; undefined for a number or a build that is just right, or just wrong. */
  why?: string
  /** Of a build: its conditions, in order. */
  conditions: readonly { id: string; holds: boolean }[]
}

/** Proves questions and judges answers, by computing. What is proved is kept. */
export class Prover {
  readonly #found = new Map<QuestionId, Promise<Proof>>()

  constructor(readonly engine: Engine) {}

  /**
   * The proof of a question; of a build, that of a build that is right.
   *
   * @throws what loading a model throws; HeedError `aborted` by the engine's signal
   */
  prove<Id extends QuestionId>(id: Id): Promise<Proof<Id>> {
    const found = this.#found.get(id) ?? this.#prove(id)
    this.#found.set(id, found)
    // What failed may be tried again.
    found.catch(() => this.#found.delete(id))
    return found as Promise<Proof<Id>>
  }

  /**
   * Whether an answer is right, and why. A build is run.
   *
   * @throws as `prove`; HeedTypeError `option` for an option that there is not; HeedError `not-found` for a head that the
   *   model does not have
   */
  async judge<Id extends QuestionId>(id: Id, answer: Answer): Promise<Verdict<Id>> {
    const question = questionOf(id)
    const verdict = isBuild(question)
      ? await this.#run(question.id, answer)
      : judged(question, await this.prove(id), answer)
    return verdict as Verdict<Id>
  }

  async #prove(id: QuestionId): Promise<Proof> {
    const question = questionOf(id)
    const start = performance.now()
    if (isBuild(question)) {
      const proof = proofs[question.id] as AnyBuild
      return this.#run(question.id, await proof.solve(this.engine))
    }
    const facts = await (proofs[question.id] as AnyChoice | AnyNumber).prove(this.engine)
    return { ...shown(id, facts, start), key: keyOf(question, facts) }
  }

  async #run(id: QuestionId, answer: Answer): Promise<Verdict> {
    const proof = proofs[id] as AnyBuild
    const start = performance.now()
    const facts = await proof.run(this.engine, answer)
    const conditions = Object.entries(proof.conditions).map(([id, test]) => ({ id, holds: test(facts) }))
    const isRight = conditions.every(({ holds }) => holds)
    const slip = Object.entries(proof.slips).find(([, test]) => test(facts))
    return {
      ...shown(id, facts, start),
      key: answer,
      answer,
      isRight,
      ...(!isRight && slip && { why: slip[0] }),
      conditions,
    }
  }
}

// A question and its proof belong together, which a type that holds all fifteen cannot say of one of them.
type AnyFacts = Facts[QuestionId]
type AnyChoice = ChoiceProof<AnyFacts, string>
type AnyNumber = NumberProof<AnyFacts, string>
type AnyBuild = BuildProof<Answer, AnyFacts, string, string>

function shown(id: QuestionId, facts: AnyFacts, start: number): Omit<Proof, 'key'> {
  const { rows, place } = proofs[id] as AnyChoice
  return {
    id,
    facts,
    rows: rows?.(facts) ?? [],
    ...(place && { place: place(facts) }),
    milliseconds: performance.now() - start,
  }
}

/** The answer that the facts bear out. */
function keyOf(question: Question, facts: AnyFacts): Answer {
  if (!isChoice(question)) return (proofs[question.id] as AnyNumber).answer(facts)
  const { claims } = proofs[question.id] as AnyChoice
  const held = question.options.filter((option) => claims[option](facts))
  if (held.length !== 1)
    throw new HeedTypeError(
      'unsupported',
      `the question ${question.id}: the engine finds ${held.length} options true (${held.join(', ') || 'none'}), not one; leave it out`,
    )
  return held[0]
}

function judged(question: Question, proof: Proof, answer: Answer): Verdict {
  if (isChoice(question)) {
    if (!(question.options as readonly Answer[]).includes(answer))
      throw new HeedTypeError('option', `the question ${question.id} has no option ${JSON.stringify(answer)}`)
    return { ...proof, answer, isRight: answer === proof.key, why: answer as string, conditions: [] }
  }
  const { within } = question as { within: number }
  const isNear = (x: number) => Math.abs((answer as Answers['number']) - x) <= within
  if (isNear(proof.key as number)) return { ...proof, answer, isRight: true, conditions: [] }
  const { slips } = proofs[question.id] as AnyNumber
  const slip = Object.entries(slips).find(([, number]) => isNear(number(proof.facts)))
  return { ...proof, answer, isRight: false, ...(slip && { why: slip[0] }), conditions: [] }
}
