/*
 * What asks and what says, without what computes: `heed-learn/proofs` does that, in the worker of a page or at the terminal.
 */
export { type Answer, type Answers, formatAnswer, type Link, parseAnswer } from './answers.js'
export type { Facts, Place, Proof, ProofRow, RowId, Verdict } from './proofs/index.js'
export {
  type BuildQuestion,
  type ChoiceQuestion,
  given,
  isBuild,
  isChoice,
  isNumber,
  type Kind,
  type NumberQuestion,
  type Question,
  type QuestionId,
  questionIds,
  questionOf,
  questions,
  type Topic,
  topics,
} from './questions.js'
export {
  answered,
  begin,
  minutesLeft,
  optionsOf,
  type Progress,
  readProgress,
  retake,
  review,
  reviewed,
  type Score,
  scoreOf,
  stateOf,
} from './session.js'
export {
  answerText,
  asked,
  conditionsOf,
  explanation,
  howTo,
  type Language,
  languages,
  marked,
  optionText,
  plain,
  proofText,
  rowName,
  type Words,
} from './words/index.js'
