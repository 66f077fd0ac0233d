import { HeedError } from '../errors.js'
import type { EncoderModel, Model } from '../models/index.js'
import { describeSettings, type TrainDescribeOptions } from './describe-settings.js'
import { describeTask } from './describe-task.js'
import type { RunState, Validation } from './run-state.js'
import { type Schedule, schedule } from './schedules.js'
import type { Settings } from './settings.js'
import type { Task } from './task.js'
import { Training, type TrainedStep } from './training.js'

/** What a step of a session did. */
export interface SessionStep extends TrainedStep {
  rate: number
  /** Over all steps so far, without what the caller does between them. */
  tokensPerSecond: number
}

/**
 * A training run that lives in memory and is taken step by step: nothing is written, nothing goes on by itself. Between two
 * steps the model may be looked into, the run may rest as long as one likes, or be left. The same options give the same
 * bits as a run in a folder. The caller disposes it, and with it the model.
 */
export class TrainingSession<M extends Model> implements Disposable {
  /** How many there are in all, which the schedule of the rate is made for. */
  readonly steps: number
  readonly #training: Training<M>
  readonly #rateOf: Schedule

  constructor(settings: Settings, task: Task<M>) {
    this.steps = settings.steps
    this.#rateOf = schedule(settings.schedule, this.steps)
    this.#training = new Training(settings, task, undefined)
  }

  /** As it is now; its weights change with every step. */
  get model(): M {
    return this.#training.model
  }

  get parameters(): number {
    return this.#training.parameters
  }

  get state(): Readonly<RunState> {
    return this.#training.state
  }

  get isFinished(): boolean {
    return this.state.step >= this.steps
  }

  /**
   * One update with the next batch.
   *
   * @throws HeedError `input` when all steps are taken, or when the loss is not finite: there is nothing to go on with
   */
  async step(): Promise<SessionStep> {
    if (this.isFinished)
      throw new HeedError('input', `all ${this.steps} steps are taken; start another session for more`)
    const rate = this.#rateOf(this.state.step + 1)
    const done = await this.#training.step(rate)
    return { ...done, rate, tokensPerSecond: this.#training.tokensPerSecond }
  }

  /** How good the model is on the validation data; nothing without them. */
  evaluate(): Promise<Validation | undefined> {
    return this.#training.evaluate()
  }

  dispose(): void {
    this.#training.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

export type DescribeSessionOptions = Omit<
  TrainDescribeOptions,
  'out' | 'resume' | 'keep' | 'samples' | 'evaluateEvery' | 'checkpointEvery' | 'reportEvery' | 'onProgress'
>

/**
 * `trainDescribe` as a session: step by step, in memory.
 *
 * @throws what `trainDescribe` throws for its data and numbers
 */
export async function describeSession(
  options: DescribeSessionOptions,
): Promise<TrainingSession<EncoderModel>> {
  const settings = describeSettings({ ...options, out: 'the run' })
  return new TrainingSession(settings, await describeTask(settings, undefined))
}
