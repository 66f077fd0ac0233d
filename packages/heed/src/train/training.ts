import { valueAndGrad } from '../autograd/index.js'
import { foldSeed } from '../backends/random.js'
import { HeedError } from '../errors.js'
import type { SafeTensor } from '../io/index.js'
import { type Model, Run } from '../models/index.js'
import { scope } from '../tensor/scope.js'
import { sameShape, show } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { AdamW, globalNorm, type StepReport } from './adamw.js'
import { copies, updateAverage } from './average.js'
import { type Checkpoint, fromSafeTensors, toSafeTensors, writeCheckpoint } from './checkpoint.js'
import { type ProjectionNorms, projectionNorms } from './gradient-norms.js'
import { firstNonFinite, type NonFinite, nonFiniteWords, whereItBegan } from './non-finite.js'
import { isBetter, newRunState, resumedState, type RunState, type Validation } from './run-state.js'
import type { Samples } from './samples.js'
import type { Settings } from './settings.js'
import type { Batch, Epoch, Task } from './task.js'

type Saved = Checkpoint<Record<string, unknown>>

/** Thrown when the numbers are none any more: there is nothing to go on with. */
export class Diverged extends HeedError {
  /**
   * @param step where it showed
   * @param since the step whose update made the weights that it comes from
   */
  constructor(
    step: number,
    readonly since: number,
    what: string,
    began: NonFinite,
  ) {
    super('input', `step ${step}: ${what}; it began in ${nonFiniteWords(began)}`)
  }
}

/** What a step did. */
export interface TrainedStep extends StepReport {
  /** Steps taken, this one included. */
  step: number
  /** Predicted so far, without padding. */
  tokens: number
  loss: number
  smoothedLoss: number
  /** Before clipping; absent where the family does not say which weights these are. */
  gradients?: ProjectionNorms
}

/** So many steps one after another without a finite gradient are the end. */
const MOST_SKIPPED = 20

/** Trained weights stand under this prefix in training.safetensors where model.safetensors holds their average. */
const WEIGHTS = 'weights.'

/** The model in training, its optimiser and its place in the data: one step, one evaluation, one checkpoint. */
export class Training<M extends Model> implements Disposable {
  readonly state: RunState
  readonly #settings: Settings
  readonly task: Task<M>
  readonly #model: M
  /** With averaged weights, when the settings want some. */
  readonly #average: M | undefined
  readonly #optimizer: AdamW
  #epoch: Epoch<M> | undefined
  #savedStep = -1
  #skippedInRow = 0
  #tokens = 0
  #seconds = 0

  /**
   * @param saved goes on from it, if given
   * @param base otherwise begins with copies of its weights, if given
   */
  constructor(settings: Settings, task: Task<M>, saved: Saved | undefined, base?: M) {
    this.#settings = settings
    this.task = task
    this.state = saved ? resumedState(saved.state, settings.out, task.identity) : newRunState(task.identity)
    const create = (weights: () => Record<string, Tensor>) => scope(() => task.create(weights()))
    try {
      if (saved) {
        const hasAverage = [...saved.training.keys()].some((name) => name.startsWith(WEIGHTS))
        const load = (stored: Map<string, SafeTensor>, prefix = '') =>
          create(() => restore(stored, prefix, task))
        this.#model = hasAverage ? load(saved.training, WEIGHTS) : load(saved.model.tensors)
        if (settings.averageDecay > 0) this.#average = load(saved.model.tensors)
        this.#savedStep = this.state.step
      } else {
        const model = base ? create(() => copiesOf(base, task)) : task.initial()
        this.#model = model
        if (settings.averageDecay > 0) this.#average = create(() => copies(model.weights))
      }
      this.#optimizer = new AdamW(this.#model.weights, settings.optimizer)
      if (saved) this.#loadMoments(saved)
      settings.onEvent({ type: 'model', parameters: this.parameters, vocabSize: task.vocabSize })
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  /** In training: its weights change with every step. */
  get model(): M {
    return this.#model
  }

  get parameters(): number {
    return Object.values(this.#model.weights).reduce((sum, t) => sum + t.size, 0)
  }

  /** Predicted tokens per second of training since `startThroughput`. */
  get tokensPerSecond(): number {
    return this.#seconds > 0 ? this.#tokens / this.#seconds : 0
  }

  startThroughput(): void {
    this.#tokens = this.#seconds = 0
  }

  /**
   * One update with the next batch. Its dropout depends on the seed and the step alone.
   *
   * @throws Diverged when the loss is not finite, or for too long no gradient was
   */
  async step(rate: number): Promise<TrainedStep> {
    const started = performance.now()
    const { state } = this
    const { seed, averageDecay, dropHeads } = this.#settings
    const next = this.#nextBatch()
    const { tokens } = next
    const step = state.step + 1
    const random = { seed: foldSeed(seed, step), dropHeads, with: this.task.with }
    const run = new Run(this.#model, { mode: 'train', ...random })
    const { value, grads } = valueAndGrad(this.#model.weights, () => next.loss(this.#model, run))
    try {
      const loss = await value.item()
      const diverged = async (stepsBefore: number, what: string) =>
        new Diverged(step, step - stepsBefore, what, await whereItBegan(this.#model, next, random, grads))
      if (!Number.isFinite(loss)) throw await diverged(1 + this.#skippedInRow, `the loss is ${loss}`)
      const gradients = await projectionNorms(this.#model, grads)
      const report = await this.#optimizer.step(grads, rate)
      this.#skippedInRow = report.skipped ? this.#skippedInRow + 1 : 0
      if (this.#skippedInRow === MOST_SKIPPED)
        throw await diverged(MOST_SKIPPED, `${MOST_SKIPPED} steps in a row had no finite gradient`)
      const updates = this.#optimizer.updates
      if (this.#average && !report.skipped)
        updateAverage(this.#average.weights, this.#model.weights, averageDecay, updates)

      const past = state.smoothedLoss ?? loss
      const smoothedLoss = past + 0.02 * (loss - past)
      Object.assign(state, {
        step,
        updates,
        smoothedLoss,
        batch: state.batch + 1,
        tokens: state.tokens + tokens,
      })
      this.#tokens += tokens
      this.#seconds += (performance.now() - started) / 1000
      return { step, tokens: state.tokens, loss, smoothedLoss, ...report, ...(gradients && { gradients }) }
    } finally {
      value.dispose()
      for (const gradient of Object.values(grads)) gradient.dispose()
    }
  }

  /** How good the model is, which becomes the state's last, and its best if it is; nothing without validation data. */
  async evaluate(): Promise<Validation | undefined> {
    const { validate } = this.task
    if (!validate) return undefined
    const { step } = this.state
    const validation: Validation = { step, ...(await validate(this.#average ?? this.#model)) }
    this.state.last = validation
    if (isBetter(validation, this.state.best)) this.state.best = validation
    return validation
  }

  /** What the model makes of a few validation texts; nothing without them. */
  async sample(): Promise<Samples | undefined> {
    return this.task.sample?.(this.#average ?? this.#model)
  }

  /**
   * Writes a checkpoint and gives its folder; nothing when the step has one that will do.
   *
   * @throws Diverged when the last update has spoilt the weights; HeedError when it cannot be written
   */
  async save(best: boolean): Promise<string | undefined> {
    const { step } = this.state
    if (step === this.#savedStep && !best) return undefined
    const norm = await globalNorm(Object.values(this.#model.weights))
    const spoilt = Number.isFinite(norm)
      ? undefined
      : await firstNonFinite('weight', Object.entries(this.#model.weights))
    if (spoilt) throw new Diverged(step, step, 'its update left weights that are not finite', spoilt)
    const { config, tokenizerJson } = this.task
    const tensors = await toSafeTensors((this.#average ?? this.#model).weights)
    const training = await toSafeTensors(this.#optimizer.state().tensors)
    if (this.#average)
      for (const [name, t] of await toSafeTensors(this.#model.weights, WEIGHTS)) training.set(name, t)
    const model = { config: { ...config }, tensors, tokenizerJson }
    const folder = await writeCheckpoint(
      this.#settings.out,
      step,
      { model, training, state: this.state },
      { best, keep: this.#settings.keep },
    )
    this.#savedStep = step
    return folder
  }

  /** Also of what a constructor made that did not come to its end. */
  dispose(): void {
    this.#optimizer?.dispose()
    this.#average?.dispose()
    this.#model?.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #nextBatch(): Batch<M> {
    const { state } = this
    const plan = () => (this.#epoch = this.task.epoch(state.epoch))
    let epoch = this.#epoch ?? plan()
    if (state.batch >= epoch.count) {
      state.epoch++
      state.batch = 0
      epoch = plan()
    }
    return epoch.batch(state.batch)
  }

  #loadMoments(saved: Saved): void {
    const moments = [...saved.training].filter(([name]) => !name.startsWith(WEIGHTS))
    const tensors = fromSafeTensors(new Map(moments))
    try {
      this.#optimizer.load({ updates: this.state.updates, tensors })
    } finally {
      for (const t of Object.values(tensors)) t.dispose()
    }
  }
}

/** Copies of the weights of a model that a task has. */
function copiesOf({ weights }: Model, { shapes }: Pick<Task<Model>, 'shapes'>): Record<string, Tensor> {
  const missing = [...shapes.keys()].find((name) => weights[name] === undefined)
  if (missing !== undefined)
    throw new HeedError('unsupported', `the model to go on from has no ${missing}; name one that has`)
  return copies(Object.fromEntries([...shapes.keys()].map((name) => [name, weights[name]])))
}

/** The weights of a checkpoint, all there and of the right shapes. */
function restore(
  stored: Map<string, SafeTensor>,
  prefix: string,
  { shapes }: Pick<Task<Model>, 'shapes'>,
): Record<string, Tensor> {
  const weights: Record<string, Tensor> = {}
  for (const [name, shape] of shapes) {
    const found = stored.get(prefix + name)
    if (!found || !sameShape(found.shape, shape))
      throw new HeedError(
        'format',
        `checkpoint: ${name} is ${found ? show(found.shape) : 'missing'}, expected ${show(shape)}`,
      )
    Object.assign(weights, fromSafeTensors(new Map([[name, found]])))
  }
  return weights
}
