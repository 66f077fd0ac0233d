import type { Facts } from '../proofs/index.js'
import type { RowId } from '../proofs/proof.js'
import type { BuildQuestion, ChoiceQuestion, Kind, NumberQuestion, Question, Topic } from '../questions.js'

/*
 * All words of the quiz, the same shape in every language. Between *stars* stands what is a word of a sentence; _ marks an
 * index: d_k, W_Q. Numbers come from the facts of a proof, or from what the question gives.
 */

type By<Ids extends string, T> = Record<Ids, T>

interface Common<F> {
  /** What is asked. */
  ask: string
  /** What the proof found, with its rule. */
  proof: (facts: F) => string
}

interface ChoiceWords<Option extends string, F> extends Common<F> {
  /** What each says, and what is to be said to who chose it; of the right one, why it is. */
  options: By<Option, { says: string; why: string }>
}

interface NumberWords<Slip extends string, F> extends Common<F> {
  right: string
  slips: By<Slip, string>
  /** To a number that no known slip leads to. */
  other: string
}

interface BuildWords<Condition extends string, Slip extends string, F> extends Common<F> {
  /** What to do, at the page and at the terminal. */
  how: { page: string; terminal: string }
  conditions: By<Condition, { says: string; value: (facts: F) => string }>
  right: string
  slips: By<Slip, string>
}

export type WordsOf<Q extends Question> = Q extends ChoiceQuestion
  ? ChoiceWords<Q['options'][number], Facts[Q['id']]>
  : Q extends NumberQuestion
    ? NumberWords<Q['slips'][number], Facts[Q['id']]>
    : Q extends BuildQuestion
      ? BuildWords<Q['conditions'][number], Q['slips'][number], Facts[Q['id']]>
      : never

export interface Words {
  /** BCP 47, and the language's own name. */
  language: string
  name: string
  topics: Record<Topic, string>
  kinds: Record<Kind, string>
  questions: { [Q in Question as Q['id']]: WordsOf<Q> }
  /** Names of rows of weights; `of` is the word that asks. */
  rows: Record<RowId, (of: string) => string>
  /** A token that ends a sentence and has no text. */
  end: string
  /** What the quiz itself says, wherever it is. */
  quiz: {
    title: string
    about: string
    question: (n: number, of: number) => string
    minutes: (n: number) => string
    right: string
    wrong: string
    comesBack: string
    /** It was missed before. */
    again: string
    proof: string
    took: (milliseconds: number) => string
    answerWas: string
    score: (right: number, answered: number) => string
    done: (right: number, total: number) => string
    missed: (n: number) => string
  }
}
