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
  /** A word of a sentence, where it cannot be set in italics. */
  quoted: (word: string) => string
  /** What the quiz itself says, wherever it is. */
  quiz: {
    title: string
    about: string
    question: (n: number, of: number) => string
    minutes: (n: number) => string
    right: string
    wrong: string
    notYet: string
    comesBack: string
    /** It was missed before. */
    again: string
    proof: string
    took: (milliseconds: number) => string
    answerWas: string
    score: (right: number, answered: number) => string
    done: (right: number, total: number) => string
    missed: (n: number) => string
    nothingMissed: string
    states: Record<'open' | 'right' | 'later' | 'missed', string>
  }
  /** What is said at the terminal alone. */
  terminal: {
    /** How to answer, by kind. */
    hints: Record<Kind, string>
    /** What else can be typed. */
    others: string
    noAnswer: (typed: string) => string
    /** The quiz was left. */
    left: (answered: number, total: number) => string
    after: string
    review: string
    columns: readonly string[]
    see: string
    legend: string
  }
  /** What is said on a page alone. */
  page: {
    check: string
    computing: string
    /** Bytes of a model. */
    fetching: (done: number, total: number) => string
    next: string
    finish: string
    showMe: string
    done: string
    keys: string
    yours: string
    beginAnew: string
    askMissed: string
    questions: string
    language: string
    number: string
    divideBy: string
    largest: (of: number) => string
    forbidden: (n: number) => string
    seeIt: string
    weight: string
    /** Smaller weights are left blank. */
    written: string
    notYet: string
    left: (minutes: number) => string
    failed: string
    kept: string
    retry: string
    save: { rows: string; facts: string; progress: string }
  }
}
