import type { TrainRequest } from '../../engine/train-run'
import { Course } from './course.svelte'

/** Where the reader expects the most weight, as a key's number; null: did not know; undefined: was not asked. */
export type GuessedKey = number | null | undefined

/** The run of this page and the one before it. It goes on while other pages are open. */
class Trainer {
  course = $state.raw<Course>()
  /** Of the same task and sentence, for comparison. */
  before = $state.raw<Course>()
  guess = $state<{ before: GuessedKey; after: GuessedKey }>({ before: undefined, after: undefined })

  start(request: TrainRequest): void {
    const old = this.course
    old?.leave()
    const isLike = old && old.request.task === request.task && old.request.text === request.text
    // A run that has not come anywhere is no comparison.
    this.before = isLike ? (old.evaluations.length > 1 ? old : this.before) : undefined
    this.course = new Course(request)
  }
}

export const trainer = new Trainer()
