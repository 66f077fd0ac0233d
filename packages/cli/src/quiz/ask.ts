import { HeedError } from 'heed'
import {
  answered,
  isBuild,
  optionsOf,
  parseAnswer,
  type Progress,
  questionOf,
  type Verdict,
  type Words,
} from 'heed-learn'
import type { Prover } from 'heed-learn/proofs'
import type { Lines } from './answers.js'
import type { Speaker } from './show.js'

export interface Asking {
  prover: Prover
  lines: Lines
  words: Words
  speaker: Speaker
  say: (lines: readonly string[]) => void
  keep: (progress: Progress) => Promise<void>
  /** Told of every answer; given up, the verdict is that of the right one. */
  onAnswer: (verdict: Verdict, isGivenUp: boolean) => void
}

/** Asks until all is right, or nobody answers any more. */
export async function ask(from: Progress, asking: Asking): Promise<Progress> {
  let progress = from
  while (progress.queue.length > 0) {
    const isRight = await askOne(progress, asking)
    if (isRight === undefined) break
    progress = answered(progress, progress.queue[0], isRight)
    await asking.keep(progress)
  }
  return progress
}

/** Whether the next question was answered right; undefined when the reader has left. A build may be tried again and again. */
async function askOne(progress: Progress, asking: Asking): Promise<boolean | undefined> {
  const { prover, lines, speaker, say, onAnswer } = asking
  const question = questionOf(progress.queue[0])
  say(speaker.question(question, progress))
  for (;;) {
    const typed = await typedAnswer(progress, asking)
    if (typed === undefined) return undefined
    const isGivenUp = typed === '?'
    const verdict = await judged(() =>
      isGivenUp
        ? prover.prove(question.id).then(({ key }) => prover.judge(question.id, key))
        : prover.judge(question.id, typed),
    )
    if (verdict instanceof HeedError) {
      if (!lines.isLive) throw verdict
      say(speaker.plain(verdict.message))
      continue
    }
    onAnswer(verdict, isGivenUp)
    say(isGivenUp ? speaker.answer(verdict, question) : speaker.verdict(verdict, question))
    if (verdict.isRight || !isBuild(question)) return verdict.isRight && !isGivenUp
  }
}

/** An answer that can be judged, `?`, or undefined for who leaves. */
async function typedAnswer(
  progress: Progress,
  { lines, words, speaker, say }: Asking,
): Promise<Parameters<Prover['judge']>[1] | undefined> {
  const question = questionOf(progress.queue[0])
  const { hints, noAnswer } = words.terminal
  for (;;) {
    const line = await lines.next(`${hints[question.kind]} › `)
    const typed = line?.trim()
    if (typed === undefined || typed === 'q') return undefined
    if (typed === '?') return typed
    const answer = parseAnswer(question, typed, optionsOf(question, progress.seed))
    if (answer !== undefined) return answer
    if (!lines.isLive)
      throw new HeedError(
        'input',
        `“${typed}” is no answer to the question ${question.id}; it takes ${hints[question.kind]}, ? or q`,
      )
    say(speaker.plain(`${noAnswer(typed)}: ${hints[question.kind]}. ${words.terminal.others}`))
  }
}

/** A head that there is not is no reason to end the quiz. */
async function judged(judge: () => Promise<Verdict>): Promise<Verdict | HeedError> {
  try {
    return await judge()
  } catch (error) {
    if (error instanceof HeedError && error.code === 'not-found') return error
    throw error
  }
}
