import type { TrainRequest } from '../../engine/train-run'
import { Course } from './course.svelte'

/** Where the reader expects the most weight, as a key's number; null: did not know; undefined: was not asked. */
export type GuessedKey = number | null | undefined

/** What two runs must share to be of the same map. */
type Subject = Pick<TrainRequest, 'task' | 'text'>
const isOf = ({ request }: Course, { task, text }: Subject) => request.task === task && request.text === text

/** The run of this page and the one before it. It goes on while other pages are open. */
class Trainer {
  #course = $state.raw<Course>()
  /** Of the same task and sentence, for comparison. */
  before = $state.raw<Course>()
  guess = $state<{ before: GuessedKey; after: GuessedKey }>({ before: undefined, after: undefined })

  /** The run, as long as it is of this task and sentence. */
  courseOf(subject: Subject): Course | undefined {
    return this.#course && isOf(this.#course, subject) ? this.#course : undefined
  }

  start(request: TrainRequest): void {
    this.#course?.leave()
    const old = this.courseOf(request)
    // A run that has not come anywhere is no comparison.
    this.before = old && (old.evaluations.length > 1 ? old : this.before)
    this.#course = new Course(request)
  }
}

export const trainer = new Trainer()
