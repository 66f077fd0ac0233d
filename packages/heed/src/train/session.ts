import { HeedError } from '../errors.js'
import type { EncoderModel, Model } from '../models/index.js'
import { describeSettings, type TrainDescribeOptions } from './describe-settings.js'
import { describeTask } from './describe-task.js'
import type { RunState, Validation } from './run-state.js'
import { schedule } from './schedules.js'
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
export interface TrainingSession<M extends Model> extends Disposable {
  /** How many there are in all, which the schedule of the rate is made for. */
  readonly steps: number
  /** As it is now; its weights change with every step. */
  readonly model: M
  readonly parameters: number
  readonly state: Readonly<RunState>
  readonly isFinished: boolean
  /**
   * One update with the next batch.
   *
   * @throws HeedError `input` when all steps are taken, or when the loss is not finite: there is nothing to go on with
   */
  step(): Promise<SessionStep>
  /** How good the model is on the validation data; nothing without them. */
  evaluate(): Promise<Validation | undefined>
  dispose(): void
}

function session<M extends Model>(settings: Settings, task: Task<M>): TrainingSession<M> {
  const { steps } = settings
  const rateOf = schedule(settings.schedule, steps)
  const training = new Training(settings, task, undefined)
  const dispose = () => training.dispose()
  return {
    steps,
    get model() {
      return training.model
    },
    get parameters() {
      return training.parameters
    },
    get state() {
      return training.state
    },
    get isFinished() {
      return training.state.step >= steps
    },
    async step() {
      if (this.isFinished)
        throw new HeedError('input', `all ${steps} steps are taken; start another session for more`)
      const rate = rateOf(training.state.step + 1)
      const done = await training.step(rate)
      return { ...done, rate, tokensPerSecond: training.tokensPerSecond }
    },
    evaluate: () => training.evaluate(),
    dispose,
    [Symbol.dispose]: dispose,
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
  return session(settings, await describeTask(settings))
}
