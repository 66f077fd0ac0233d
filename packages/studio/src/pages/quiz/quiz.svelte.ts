import {
  answered,
  begin,
  languages,
  type Progress,
  type QuestionId,
  questionIds,
  readProgress,
  retake,
  review,
  reviewed,
} from 'heed-learn'
import { keep, kept } from '../../app/kept'
import { route } from '../../app/route.svelte'
import { words } from '../../words/words.svelte'

const KEPT = 'heed.quiz'

/** A place of the address: a question, or the result. */
export type Shown = QuestionId | 'end'

/** The reader's round, and the one of what was missed, if that is being asked. */
class Quiz {
  progress = $state.raw<Progress>(readProgress(kept(KEPT)) ?? begin())
  #review = $state.raw<Progress>()
  /** What the page opens on, until the address says more. */
  #opened: Shown = this.progress.queue[0] ?? 'end'

  /** The reader has gone on: the next question takes the focus. */
  hasMoved = false
  /** Grows with every question that is shown, one shown again too. */
  turn = $state(0)

  /** The round that is being asked. */
  readonly round = $derived(this.#review ?? this.progress)

  readonly language = $derived(words.now.quiz.language)
  /** What the quiz says, in the reader's language. */
  readonly said = $derived(languages[this.language])

  readonly shown = $derived.by((): Shown => {
    const wanted = route.params.q as Shown | undefined
    if (wanted === 'end') return 'end'
    return wanted !== undefined && questionIds.includes(wanted) ? wanted : this.#opened
  })

  /** Counts an answer, once for every time that a question is asked. */
  answer(id: QuestionId, isRight: boolean): void {
    if (this.#review) {
      this.#review = answered(this.#review, id, isRight)
      this.#keep(reviewed(this.progress, this.#review))
    } else this.#keep(answered(this.progress, id, isRight))
  }

  /** The question that is asked after this one; of questions that are looked up again the first that is open. */
  after(id: QuestionId): Shown {
    return this.round.queue.find((other) => other !== id) ?? this.round.queue[0] ?? 'end'
  }

  show(shown: Shown): void {
    if (shown === 'end') this.#review = undefined
    this.#opened = shown
    this.hasMoved = true
    this.turn++
    route.set({ q: shown, a: undefined })
  }

  /** The next round. */
  restart(): void {
    this.#review = undefined
    this.#keep(retake(this.progress))
    this.show(this.progress.queue[0])
  }

  /** Asks what was missed. */
  askMissed(): void {
    this.#review = review(this.progress)
    this.show(this.#review.queue[0] ?? 'end')
  }

  #keep(progress: Progress): void {
    this.progress = progress
    keep(KEPT, progress)
  }
}

export const quiz = new Quiz()
