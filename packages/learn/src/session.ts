import { isBuild, type Question, type QuestionId, questionIds, questionOf, questions } from './questions.js'

/*
 * How a quiz goes, without a clock, a screen or a disk: questions come in order, a miss comes back behind all others until
 * it is right, and the score is what was right at the first try. Progress is plain data; each step gives a new one.
 */

export interface Progress {
  /** 0 is the order as written; any other shuffles questions and options, each in its own way. */
  readonly seed: number
  /** Not yet right, the next one first. */
  readonly queue: readonly QuestionId[]
  /** By question that was answered: whether the first answer was right. */
  readonly first: Readonly<Partial<Record<QuestionId, boolean>>>
  /** Missed at the first try, and not yet right at the first try of a review. */
  readonly missed: readonly QuestionId[]
}

/** A round from the start. Shuffled, builds stay last: they need what the others teach. */
export function begin({ seed = 0 }: { seed?: number } = {}): Progress {
  const ids = (wanted: (question: Question) => boolean) => questions.filter(wanted).map(({ id }) => id)
  const queue = [
    ...shuffled(
      ids((q) => !isBuild(q)),
      seed,
    ),
    ...shuffled(ids(isBuild), seed),
  ]
  return { seed, queue, first: {}, missed: [] }
}

/** The next round: shuffled, its misses forgotten. */
export const retake = ({ seed }: Progress): Progress => begin({ seed: seed + 1 })

/** The options of a question in the order of the round. */
export function optionsOf(question: Question, seed: number): readonly string[] {
  if (question.kind !== 'choice') return []
  return seed === 0
    ? question.options
    : shuffled(question.options, seed + 977 * questionIds.indexOf(question.id))
}

/** What follows when a question was answered: right takes it out of the queue, a miss sends it to the end. */
export function answered(progress: Progress, id: QuestionId, isRight: boolean): Progress {
  const rest = progress.queue.filter((other) => other !== id)
  const isFirst = progress.first[id] === undefined
  return {
    ...progress,
    queue: isRight ? rest : [...rest, id],
    first: isFirst ? { ...progress.first, [id]: isRight } : progress.first,
    missed: isFirst && !isRight ? [...progress.missed, id] : progress.missed,
  }
}

/** The questions missed so far, as a round of their own; what is right there at the first try is missed no longer. */
export const review = ({ seed, missed }: Progress): Progress => ({
  seed,
  queue: missed,
  first: {},
  missed: [],
})

/** A round, after a review of its misses went as far as it did. */
export const reviewed = (progress: Progress, { first }: Progress): Progress => ({
  ...progress,
  missed: progress.missed.filter((id) => first[id] !== true),
})

export interface Score {
  /** Right at the first try, and answered at all. */
  right: number
  answered: number
  total: number
  /** Nothing is left to be asked. */
  isDone: boolean
}

export function scoreOf({ first, queue }: Progress): Score {
  const tries = Object.values(first)
  const answered = tries.length
  // A question that stands in no queue was answered before.
  const total = new Set([...Object.keys(first), ...queue]).size
  return { right: tries.filter(Boolean).length, answered, total, isDone: queue.length === 0 }
}

/** How a question stands: not answered, right at the first try, missed but right since, or missed and still to come. */
export function stateOf({ queue, first }: Progress, id: QuestionId): 'open' | 'right' | 'later' | 'missed' {
  if (first[id] === undefined) return 'open'
  if (first[id]) return 'right'
  return queue.includes(id) ? 'missed' : 'later'
}

/** Minutes that what is left takes, about. */
export const minutesLeft = ({ queue }: Progress): number =>
  queue.reduce((sum, id) => sum + questionOf(id).minutes, 0)

/**
 * Progress from what was kept as JSON, whoever kept it: undefined where that is no progress. Questions that there are no
 * longer go, new ones come behind the others.
 */
export function readProgress(kept: unknown): Progress | undefined {
  if (typeof kept !== 'object' || kept === null) return undefined
  const { seed, queue, first, missed } = kept as Record<keyof Progress, unknown>
  if (!Number.isSafeInteger(seed) || (seed as number) < 0) return undefined
  if (!Array.isArray(queue) || !Array.isArray(missed) || typeof first !== 'object' || first === null)
    return undefined
  const known = (ids: unknown[]) => [...new Set(ids)].filter(isQuestionId)
  const tries = Object.entries(first).filter(
    ([id, isRight]) => isQuestionId(id) && typeof isRight === 'boolean',
  )
  const answeredIds = new Set(tries.map(([id]) => id))
  const waiting = known(queue)
  const added = questionIds.filter((id) => !answeredIds.has(id) && !waiting.includes(id))
  return {
    seed: seed as number,
    queue: [...waiting, ...added],
    first: Object.fromEntries(tries),
    missed: known(missed).filter((id) => answeredIds.has(id)),
  }
}

const isQuestionId = (id: unknown): id is QuestionId => questionIds.includes(id as QuestionId)

/** Fisher and Yates's shuffle by a seed: the same for the same seed everywhere. Seed 0 leaves the order. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const out = [...items]
  if (seed === 0) return out
  let state = seed >>> 0
  for (let i = out.length - 1; i > 0; i--) {
    state = (state + 0x9e3779b9) >>> 0
    const j = Math.floor((hash(state) / 2 ** 32) * (i + 1))
    ;[out[i], out[j]] = [out[j], out[i]]
  }
  return out
}

/** Mixes 32 bits (murmur3's finaliser). */
function hash(x: number): number {
  let h = x
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
