import { valueAndGrad } from '../autograd/index.js'
import { foldSeed } from '../backends/random.js'
import { HeedError } from '../errors.js'
import type { SafeTensor } from '../io/index.js'
import { initTransformer, Run, Transformer, transformerShapes, translationBatch } from '../models/index.js'
import { scope } from '../tensor/scope.js'
import { sameShape, show } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { AdamW, type StepReport } from './adamw.js'
import { copies, updateAverage } from './average.js'
import { type Checkpoint, fromSafeTensors, toSafeTensors, writeCheckpoint } from './checkpoint.js'
import { epochBatches } from './data.js'
import type { TranslationData } from './prepare.js'
import { isBetter, newRunState, resumedState, type RunState, type Validation } from './run-state.js'
import type { Settings } from './settings.js'
import { validationBleu, validationLoss } from './validate.js'

type Saved = Checkpoint<Record<string, unknown>>

/** Trained weights stand under this prefix in training.safetensors where model.safetensors holds their average. */
const WEIGHTS = 'weights.'

/** The model in training, its optimiser and its place in the data: one step, one evaluation, one checkpoint. */
export class Training implements Disposable {
  readonly state: RunState
  readonly #settings: Settings
  readonly #data: TranslationData
  readonly #model: Transformer
  /** With averaged weights, when the settings want some. */
  readonly #average: Transformer | undefined
  readonly #optimizer: AdamW
  #epoch: { number: number; batches: number[][] } | undefined
  #savedStep = -1
  #tokens = 0
  #seconds = 0

  /** @param saved goes on from it, if given */
  constructor(settings: Settings, data: TranslationData, saved: Saved | undefined) {
    this.#settings = settings
    this.#data = data
    const { config, identity, tokenizerJson } = data
    this.state = saved ? resumedState(saved.state, settings.out, identity) : newRunState(identity)
    const create = (weights: () => Record<string, Tensor>) =>
      scope(() => new Transformer(config, weights(), { tokenizerJson }))
    try {
      if (saved) {
        const hasAverage = [...saved.training.keys()].some((name) => name.startsWith(WEIGHTS))
        const load = (stored: Map<string, SafeTensor>, prefix = '') =>
          create(() => restore(stored, prefix, data))
        this.#model = hasAverage ? load(saved.training, WEIGHTS) : load(saved.model.tensors)
        if (settings.averageDecay > 0) this.#average = load(saved.model.tensors)
        this.#savedStep = this.state.step
      } else {
        const model = initTransformer(config, settings.seed, { tokenizerJson })
        this.#model = model
        if (settings.averageDecay > 0) this.#average = create(() => copies(model.weights))
      }
      this.#optimizer = new AdamW(this.#model.weights, settings.optimizer)
      if (saved) this.#loadMoments(saved)
      const parameters = Object.values(this.#model.weights).reduce((sum, t) => sum + t.size, 0)
      settings.onEvent({ type: 'model', parameters, vocabSize: config.vocab_size })
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  /** Target tokens per second of training since `startThroughput`. */
  get tokensPerSecond(): number {
    return this.#seconds > 0 ? this.#tokens / this.#seconds : 0
  }

  startThroughput(): void {
    this.#tokens = this.#seconds = 0
  }

  /** One update with the next batch. Its dropout depends on the seed and the step alone. */
  async step(
    rate: number,
  ): Promise<StepReport & { step: number; tokens: number; loss: number; smoothedLoss: number }> {
    const started = performance.now()
    const { state } = this
    const { seed, labelSmoothing, averageDecay } = this.#settings
    const pairs = this.#nextBatch()
    const step = state.step + 1
    const run = new Run(this.#model, { mode: 'train', seed: foldSeed(seed, step) })
    const batch = translationBatch(pairs, this.#data.config)
    const { value, grads } = valueAndGrad(this.#model.weights, () =>
      this.#model.loss(run, batch, { labelSmoothing }),
    )
    try {
      const loss = await value.item()
      const report = await this.#optimizer.step(grads, rate)
      const updates = this.#optimizer.updates
      if (this.#average && !report.skipped)
        updateAverage(this.#average.weights, this.#model.weights, averageDecay, updates)

      const tokens = pairs.reduce((sum, { target }) => sum + target.length, 0)
      const past = state.smoothedLoss ?? loss
      const smoothedLoss = Number.isFinite(loss) ? past + 0.02 * (loss - past) : past
      Object.assign(state, {
        step,
        updates,
        smoothedLoss,
        batch: state.batch + 1,
        tokens: state.tokens + tokens,
      })
      this.#tokens += tokens
      this.#seconds += (performance.now() - started) / 1000
      return { step, tokens: state.tokens, loss, smoothedLoss, ...report }
    } finally {
      value.dispose()
      for (const gradient of Object.values(grads)) gradient.dispose()
    }
  }

  /** Loss and BLEU on the validation pairs, which become the state's last, and its best if they are. */
  async evaluate(): Promise<Validation> {
    const { batchTokens, bleuSentences, signal } = this.#settings
    const { encoded, pairs } = this.#data.valid
    const model = this.#average ?? this.#model
    const validation: Validation = {
      step: this.state.step,
      loss: await validationLoss(model, encoded, { batchTokens, signal }),
    }
    if (bleuSentences > 0)
      validation.bleu = await validationBleu(model, pairs.slice(0, bleuSentences), { signal })
    this.state.last = validation
    if (isBetter(validation, this.state.best)) this.state.best = validation
    return validation
  }

  /** Writes a checkpoint and gives its folder; nothing when the step has one that will do. */
  async save(best: boolean): Promise<string | undefined> {
    const { step } = this.state
    if (step === this.#savedStep && !best) return undefined
    const { config, tokenizerJson } = this.#data
    const tensors = await toSafeTensors((this.#average ?? this.#model).weights)
    const training = await toSafeTensors(this.#optimizer.state().tensors)
    if (this.#average)
      for (const [name, t] of await toSafeTensors(this.#model.weights, WEIGHTS)) training.set(name, t)
    const model = { config: { ...config }, tensors, tokenizerJson }
    const folder = await writeCheckpoint(
      this.#settings.out,
      step,
      { model, training, state: this.state },
      { best },
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

  #nextBatch() {
    const { state } = this
    const { batchTokens, seed } = this.#settings
    const plan = () => {
      const batches = epochBatches(this.#data.train, { batchTokens, seed, epoch: state.epoch })
      return (this.#epoch = { number: state.epoch, batches })
    }
    let epoch = this.#epoch ?? plan()
    if (state.batch >= epoch.batches.length) {
      state.epoch++
      state.batch = 0
      epoch = plan()
    }
    return epoch.batches[state.batch].map((i) => this.#data.train[i])
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

/** The weights of a checkpoint, all there and of the right shapes. */
function restore(
  stored: Map<string, SafeTensor>,
  prefix: string,
  { config }: TranslationData,
): Record<string, Tensor> {
  const weights: Record<string, Tensor> = {}
  for (const [name, shape] of transformerShapes(config)) {
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
