/*
 * The fifteen questions as data: what is asked and what can be answered. What is said of it stands in words/, in every
 * language; what is true of it is computed (proofs/), so no key is written here.
 */

export const topics = [
  'embeddings',
  'vector spaces',
  'metrics',
  'queries, keys, values',
  'projections',
  'training',
  'formula',
  'scaling',
  'softmax',
  'weighted sum',
] as const
export type Topic = (typeof topics)[number]

interface Common {
  id: string
  topics: readonly Topic[]
  minutes: number
}

/** One option is right: the one whose claim the proof finds true. */
interface Choice extends Common {
  kind: 'choice'
  /** In the order of the first round. */
  options: readonly string[]
}

/** A number is right within a tolerance. */
interface Numeric extends Common {
  kind: 'number'
  within: number
  /** Numbers that a known slip leads to, each with its own explanation. */
  slips: readonly string[]
}

/** Something is built that reaches a stated output, judged by running it. */
interface Build extends Common {
  kind: 'mask' | 'scale' | 'heads'
  /** All must hold. */
  conditions: readonly string[]
  /** What a build that fails can be told. */
  slips: readonly string[]
}

export const questions = [
  {
    id: 'bank',
    kind: 'choice',
    topics: ['embeddings'],
    minutes: 1,
    options: ['meaning', 'place', 'same', 'senses'],
  },
  {
    id: 'opposites',
    kind: 'choice',
    topics: ['embeddings', 'metrics'],
    minutes: 1,
    options: ['opposite', 'nearer', 'unrelated', 'one'],
  },
  {
    id: 'space',
    kind: 'choice',
    topics: ['vector spaces'],
    minutes: 2,
    options: ['table', 'unit', 'positive', 'line'],
  },
  {
    id: 'cosine',
    kind: 'number',
    topics: ['metrics'],
    minutes: 1,
    within: 0.005,
    slips: ['product', 'distance', 'ratio', 'none'],
  },
  {
    id: 'roles',
    kind: 'choice',
    topics: ['queries, keys, values'],
    minutes: 1,
    options: ['same', 'rest', 'nothing', 'zero'],
  },
  {
    id: 'projections',
    kind: 'choice',
    topics: ['projections', 'queries, keys, values'],
    minutes: 2,
    options: ['similar', 'training', 'one', 'itself'],
  },
  {
    id: 'training',
    kind: 'choice',
    topics: ['training', 'projections'],
    minutes: 1,
    options: ['matrices', 'map', 'vectors', 'place'],
  },
  {
    id: 'score',
    kind: 'number',
    topics: ['formula', 'scaling'],
    minutes: 1,
    within: 0.005,
    slips: ['unscaled', 'size', 'times', 'cosine'],
  },
  {
    id: 'scaling',
    kind: 'choice',
    topics: ['scaling', 'training'],
    minutes: 2,
    options: ['flat', 'some', 'half', 'all'],
  },
  {
    id: 'shift',
    kind: 'choice',
    topics: ['softmax'],
    minutes: 1,
    options: ['sharper', 'flatter', 'same', 'broken'],
  },
  {
    id: 'masked',
    kind: 'choice',
    topics: ['softmax'],
    minutes: 1,
    options: ['stay', 'even', 'next', 'grow'],
  },
  {
    id: 'mix',
    kind: 'number',
    topics: ['weighted sum', 'softmax', 'formula'],
    minutes: 2,
    within: 0.01,
    slips: ['mean', 'strongest', 'raw', 'sum', 'swapped'],
  },
  {
    id: 'mask',
    kind: 'mask',
    topics: ['formula', 'softmax'],
    minutes: 2,
    conditions: ['later', 'earlier'],
    slips: ['open', 'turned', 'closed'],
  },
  {
    id: 'scale',
    kind: 'scale',
    topics: ['scaling'],
    minutes: 2,
    conditions: ['variance'],
    slips: ['none', 'size', 'small', 'large'],
  },
  {
    id: 'heads',
    kind: 'heads',
    topics: ['queries, keys, values', 'weighted sum'],
    minutes: 3,
    conditions: ['answer', 'few'],
    slips: ['many', 'without', 'alone'],
  },
] as const satisfies readonly (Choice | Numeric | Build)[]

export type Question = (typeof questions)[number]
export type QuestionId = Question['id']
export type Kind = Question['kind']
/** The question of an id. */
export type QuestionOf<Id extends QuestionId> = Extract<Question, { id: Id }>
export type ChoiceQuestion = Extract<Question, { kind: 'choice' }>
export type NumberQuestion = Extract<Question, { kind: 'number' }>
export type BuildQuestion = Exclude<Question, ChoiceQuestion | NumberQuestion>

export const isChoice = (question: Question): question is ChoiceQuestion => question.kind === 'choice'
export const isNumber = (question: Question): question is NumberQuestion => question.kind === 'number'
export const isBuild = (question: Question): question is BuildQuestion =>
  !isChoice(question) && !isNumber(question)

export const questionIds: readonly QuestionId[] = questions.map(({ id }) => id)

export const questionOf = <Id extends QuestionId>(id: Id): QuestionOf<Id> =>
  questions.find((question) => question.id === id) as QuestionOf<Id>

/** What the questions are about, with their numbers: the words write them, the proofs compute with them. */
export const given = {
  /** Sentences with one word in two senses, and opposites, whose pairs are few enough to be read. */
  bank: { word: 'bank', sentences: ['We sat on the bank of the river.', 'The bank lent me the money.'] },
  opposites: [
    ['hot', 'cold'],
    ['big', 'small'],
    ['good', 'bad'],
    ['old', 'young'],
    ['open', 'closed'],
    ['rich', 'poor'],
    ['black', 'white'],
    ['happy', 'sad'],
  ],
  cosine: { a: [3, 4], b: [30, 40] },
  /** A sentence whose first link is the article's: a word, and the word that describes it. */
  sentence: { text: 'The elephant is very large.', asks: 'elephant', answers: 'large' },
  /** Another one with the same two words. */
  other: 'The large elephant sleeps.',
  score: { q: [2, 1, 0, 1], k: [1, 3, 2, -1] },
  scaling: { size: 512, choices: { flat: 1 / 64, some: 0.1, half: 0.5, all: 0.95 } },
  shift: { scores: [1, 2, 3], by: 100 },
  /** Softmax turns scores 0 and ln 3 into shares 1 : 3. */
  mix: { scores: [0, Math.log(3)], values: [8, 4] },
  mask: { tokens: ['The', 'elephant', 'is', 'large'] },
  /** Components, and the variance that is to be reached. */
  scale: { size: 256, variance: [0.9, 1.1] },
  /** The most heads that may be kept. */
  heads: 2,
} as const
