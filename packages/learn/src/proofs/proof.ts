import type { Answers } from '../answers.js'
import type { BuildQuestion, ChoiceQuestion, NumberQuestion, Question } from '../questions.js'
import type { Engine } from './engine.js'

/** Which row a picture shows; words/ names it. */
export type RowId =
  | 'asks' // of a word that asks
  | 'before'
  | 'after' // what was done to it
  | 'own' // its own vector as query and key
  | 'learned' // through the model's matrices
  | 'random' // through random ones
  | 'shares'
  | 'head'

/** A row of weights over labels, to be drawn beside the proof; all rows of a proof have the same labels. */
export interface ProofRow {
  id: RowId
  /** The word that asks, where the name needs it. */
  of: string
  labels: readonly string[]
  weights: readonly number[]
}

/** Where the studio shows the same: a head on a text. */
export interface Place {
  model: string
  text: string
  site: string
  head: number
  /** The query that is looked at. */
  query?: number
}

interface Shown<F> {
  rows?: (facts: F) => ProofRow[]
  place?: (facts: F) => Place
}

/** Computes facts; the right option is the one whose claim they bear out. */
export interface ChoiceProof<F, Option extends string> extends Shown<F> {
  prove: (engine: Engine) => Promise<F>
  /** What each option says, as a test of the facts. */
  claims: Record<Option, (facts: F) => boolean>
}

/** Computes facts, the number asked for among them, and the numbers that slips would give. */
export interface NumberProof<F, Slip extends string> extends Shown<F> {
  prove: (engine: Engine) => Promise<F>
  answer: (facts: F) => number
  slips: Record<Slip, (facts: F) => number>
}

/** Runs what was built; it is right when all conditions hold. */
export interface BuildProof<Built, F, Condition extends string, Slip extends string> extends Shown<F> {
  run: (engine: Engine, built: Built) => Promise<F>
  conditions: Record<Condition, (facts: F) => boolean>
  /** What a failing build can be told: the first that fits. */
  slips: Record<Slip, (facts: F) => boolean>
  /** A build that does it, found by computing. */
  solve: (engine: Engine) => Promise<Built>
}

/** The kind of proof that a question needs, of facts F. */
export type ProofFor<Q extends Question, F> = Q extends ChoiceQuestion
  ? ChoiceProof<F, Q['options'][number]>
  : Q extends NumberQuestion
    ? NumberProof<F, Q['slips'][number]>
    : Q extends BuildQuestion
      ? BuildProof<Answers[Q['kind']], F, Q['conditions'][number], Q['slips'][number]>
      : never
