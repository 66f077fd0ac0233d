import type { DrawnToken } from 'heed/look'
import { type Params, wholeNumber } from '../../app/address'
import { sentenceOf } from '../../app/sentence'
import { normalizerNames } from '../../engine/changes'
import type { TrainRules } from '../../engine/train-run'
import { LETTERS, sequenceProbe, type TrainTask, trainTasks } from '../../engine/train-tasks'

/** What the address says of the page. */
export interface TrainState {
  task: TrainTask
  /** Of the run that is started next. */
  rules: TrainRules
  seed: number
  /** The sentence whose map is drawn. */
  text: string
  /** One head, or the mean of all. */
  head?: number
  /** Who asks; and who answers, where that was chosen. */
  query: number
  key?: number
  /** The step that is looked at; undefined: the latest. */
  at?: number
  /** A run of `heed train` by its name, in place of one that is made here. */
  run?: string
}

const count = (text: string | undefined) => wholeNumber(text, 9)

/** *elephant*, and of a sequence the first place that is asked for. */
export const firstQuery = (task: TrainTask): number => (task === 'describe' ? 1 : LETTERS)

export function readState(params: Params): TrainState {
  const task = trainTasks.find((name) => name === params.task) ?? 'describe'
  return {
    task,
    rules: {
      scale: params.scale !== '0',
      normalizer: normalizerNames.find((name) => name === params.norm) ?? 'softmax',
    },
    seed: count(params.seed) ?? 1,
    text: task === 'describe' ? sentenceOf(params) : sequenceProbe(task),
    head: count(params.head),
    query: count(params.q) ?? firstQuery(task),
    key: count(params.k),
    at: count(params.at),
    run: params.run,
  }
}

/** The words of a text before the model has cut it: words and marks, as its vocabulary has them. */
export const wordsIn = (text: string): DrawnToken[] =>
  (text.match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? []).map((text) => ({
    text,
    special: false,
    startsWord: true,
  }))

/** The places of a sequence that are asked for, told apart: ?₁ ?₂ ?₃. A sentence has one question mark at most. */
export function numbered(tokens: readonly DrawnToken[]): DrawnToken[] {
  const isAsked = ({ text }: DrawnToken) => text === '?'
  if (tokens.filter(isAsked).length < 2) return [...tokens]
  let n = 0
  return tokens.map((token) => (isAsked(token) ? { ...token, text: `?${'₀₁₂₃₄₅₆₇₈₉'[++n] ?? ''}` } : token))
}

export const isPlain = ({ scale, normalizer }: TrainRules): boolean => scale && normalizer === 'softmax'

export const sameRules = (a: TrainRules, b: TrainRules): boolean =>
  a.scale === b.scale && a.normalizer === b.normalizer
