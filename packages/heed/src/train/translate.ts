import { HeedError, HeedTypeError } from '../errors.js'
import { exists, makeFolder, writeModelFolder } from '../io/index.js'
import type { TransformerConfig } from '../models/index.js'
import type { TokenizerJson } from '../text/index.js'
import type { AdamWOptions } from './adamw.js'
import { breather } from '../breathe.js'
import { readCheckpoint, readCheckpointIndex } from './checkpoint.js'
import type { Pair } from './data.js'
import { MetricsLog } from './metrics.js'
import { prepareData } from './prepare.js'
import type { RunState, Validation } from './run-state.js'
import { schedule, type ScheduleOptions } from './schedules.js'
import { Training } from './training.js'

export interface TrainTranslationOptions {
  /** Pairs, or a file as `readPairs` reads it. */
  train: string | readonly Pair[]
  /** As `train`. Default none: then the last model is the final one. */
  valid?: string | readonly Pair[]
  /** The run folder, which must be new, or hold the run to `resume`. */
  out: string
  /** What config.json shall say; `vocab_size` and the ids of special tokens come from the tokenizer. */
  config?: Partial<TransformerConfig>
  /** A parsed tokenizer.json. Default: one is learned from the training pairs. */
  tokenizer?: TokenizerJson
  /** Of the tokenizer that is learned. Default 8000. */
  vocabSize?: number
  /** How many steps there are in all, also when the run is resumed. */
  steps: number
  /** The most tokens of a batch on either side, padding included. Default 4096. */
  batchTokens?: number
  /** Default `inverse-sqrt-cooldown` with peak 1e-3 and a warm-up over a twentieth of the steps, at most 4000. */
  schedule?: ScheduleOptions
  /** Betas and eps by default as in the paper; clip 1 and weightDecay 0.01 where not stated. */
  optimizer?: AdamWOptions
  /** Of weights, order of the data and dropout. Default 0. */
  seed?: number
  /** Default 0.1, as in the paper. */
  labelSmoothing?: number
  /**
   * Decay of the exponential moving average of the weights, such as 0.999: the averaged model is then the one that is
   * validated and saved. Default 0: no average.
   */
  averageDecay?: number
  /** Steps between evaluations; also after the last step. Default 1000. */
  evaluateEvery?: number
  /** Steps between checkpoints; also after the last step and when an evaluation is the best so far. Default 1000. */
  checkpointEvery?: number
  /** Steps between lines of metrics.jsonl. Default 20. */
  reportEvery?: number
  /** BLEU is of the first so many validation pairs; 0 for none. Default 200. */
  bleuSentences?: number
  /** Go on from the latest checkpoint of `out`, if it has one. Default false. */
  resume?: boolean
  /** Stops after the step under way; a checkpoint is written first. */
  signal?: AbortSignal
  /** Called after every step. */
  onProgress?: (progress: TrainingProgress) => void
  /** Called when something happens beside the steps. */
  onEvent?: (event: TrainingEvent) => void
}

export interface TrainingProgress {
  step: number
  steps: number
  /** Smoothed training loss, per target token. */
  loss: number
  /** Target tokens, without padding. */
  tokensPerSecond: number
  /** Seconds to the last step. */
  eta: number
}

export type TrainingEvent =
  /** A tokenizer is being learned. */
  | { type: 'tokenizer'; done: number; total: number }
  /** `empty`: lines without a side; `long`: pairs beyond max_positions. `padding`: share of target places, 0 to 1. */
  | {
      type: 'data'
      name: 'train' | 'valid'
      pairs: number
      tokens: number
      empty: number
      long: number
      padding: number
    }
  | { type: 'model'; parameters: number; vocabSize: number }
  | { type: 'resumed'; step: number }
  /** The gradient was not finite, so the step changed nothing. */
  | { type: 'skipped'; step: number; norm: number }
  | ({ type: 'evaluation'; best: boolean } & Validation)
  | { type: 'checkpoint'; step: number; folder: string }

export interface TrainingResult {
  /** False when the signal stopped it: `resume` goes on. */
  finished: boolean
  /** The run folder; when finished it is a model folder, of the best model. */
  folder: string
  state: RunState
}

/** So many steps one after another without a finite gradient are the end. */
const MOST_SKIPPED = 20

/**
 * Trains a Transformer ("Attention Is All You Need") to translate, in a run folder: `checkpoints/`, `metrics.jsonl`
 * with a JSON object per line, and at the end the best model itself (config.json, model.safetensors, tokenizer.json).
 *
 * The same options give the same bits, also when a run is stopped and resumed: the order of the data, dropout and
 * initial weights are pure functions of the seed, the epoch and the step. A resumed run must have the same model,
 * data, seed and batchTokens; schedule, steps and the rest may be changed on purpose.
 *
 * @throws HeedError `input` when `out` holds a run and `resume` is not set, when a resumed run differs, or when the
 *   loss diverges; HeedTypeError `option` for numbers out of range; what reading the files throws
 */
export async function trainTranslation(options: TrainTranslationOptions): Promise<TrainingResult> {
  const settings = withDefaults(options)
  const { out, steps, signal, resume, onEvent } = settings
  const rateOf = schedule(settings.schedule, steps)
  const index = await readCheckpointIndex(out)
  if (index && !resume)
    throw new HeedError('input', `${out}: holds a run already; resume it, or name another folder`)
  if (!index && (await exists(`${out}/model.safetensors`)))
    throw new HeedError('input', `${out}: holds a model; name another folder`)
  const saved = index && (await readCheckpoint(out))

  const data = await prepareData(settings, saved?.model.tokenizerJson)
  await makeFolder(out)
  using training = new Training(settings, data, saved)
  const { state } = training
  const log = await MetricsLog.open(`${out}/metrics.jsonl`, state.step)
  if (saved) onEvent({ type: 'resumed', step: state.step })

  const breathe = breather()
  const started = { at: performance.now(), step: state.step }
  let skippedInRow = 0
  const due = (every: number) => state.step > 0 && (state.step % every === 0 || state.step >= steps)
  for (;;) {
    await breathe()
    let best = false
    if (due(settings.evaluateEvery) && state.last?.step !== state.step && data.valid.encoded.length > 0) {
      const validation = await unlessAborted(training.evaluate())
      if (validation) {
        best = state.best === validation
        await log.write({
          step: state.step,
          tokens: state.tokens,
          validLoss: validation.loss,
          bleu: validation.bleu,
        })
        onEvent({ type: 'evaluation', best, ...validation })
      }
    }
    const stop = signal?.aborted || state.step >= steps
    if (best || stop || due(settings.checkpointEvery)) {
      const folder = await training.save(best)
      if (folder) onEvent({ type: 'checkpoint', step: state.step, folder })
    }
    if (stop) break

    const rate = rateOf(state.step + 1)
    const report = await training.step(rate)
    skippedInRow = report.skipped ? skippedInRow + 1 : 0
    if (report.skipped) onEvent({ type: 'skipped', step: state.step, norm: report.norm })
    if (skippedInRow === MOST_SKIPPED)
      throw new HeedError(
        'input',
        `${out}: ${MOST_SKIPPED} steps without a finite gradient up to step ${state.step}; lower the peak rate and resume`,
      )
    const { tokensPerSecond } = training
    if (due(settings.reportEvery)) {
      await log.write({ ...report, rate, tokensPerSecond })
      training.startThroughput()
    }
    const perStep = (performance.now() - started.at) / 1000 / (state.step - started.step)
    settings.onProgress({
      step: state.step,
      steps,
      loss: report.smoothedLoss,
      tokensPerSecond,
      eta: (steps - state.step) * perStep,
    })
  }

  const finished = state.step >= steps
  if (finished) {
    const which = state.best ? 'best' : 'latest'
    await writeModelFolder(out, (await readCheckpoint(out, which)).model)
  }
  return { finished, folder: out, state: { ...state } }
}

/** An evaluation that the signal cut short is made again when the run is resumed. */
async function unlessAborted<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof HeedError && error.code === 'aborted') return undefined
    throw error
  }
}

export type Settings = ReturnType<typeof withDefaults>

function withDefaults(options: TrainTranslationOptions) {
  const { steps } = options
  const settings = {
    ...options,
    config: options.config ?? {},
    vocabSize: options.vocabSize ?? 8000,
    batchTokens: options.batchTokens ?? 4096,
    schedule: options.schedule ?? {
      kind: 'inverse-sqrt-cooldown' as const,
      peak: 1e-3,
      warmup: Math.max(1, Math.min(4000, Math.round(steps / 20))),
    },
    optimizer: { clip: 1, weightDecay: 0.01, ...options.optimizer },
    seed: options.seed ?? 0,
    labelSmoothing: options.labelSmoothing ?? 0.1,
    averageDecay: options.averageDecay ?? 0,
    evaluateEvery: options.evaluateEvery ?? 1000,
    checkpointEvery: options.checkpointEvery ?? 1000,
    reportEvery: options.reportEvery ?? 20,
    bleuSentences: options.bleuSentences ?? 200,
    onProgress: options.onProgress ?? (() => {}),
    onEvent: options.onEvent ?? (() => {}),
  }
  for (const name of ['steps', 'batchTokens', 'evaluateEvery', 'checkpointEvery', 'reportEvery'] as const)
    if (!Number.isSafeInteger(settings[name]) || settings[name] < 1)
      throw new HeedTypeError(
        'option',
        `trainTranslation: ${name} must be a whole number from 1 up, got ${settings[name]}`,
      )
  const { averageDecay, bleuSentences, seed } = settings
  if (!(averageDecay >= 0 && averageDecay < 1))
    throw new HeedTypeError(
      'option',
      `trainTranslation: averageDecay must be from 0 to below 1, got ${averageDecay}`,
    )
  if (!Number.isSafeInteger(seed))
    throw new HeedTypeError('option', `trainTranslation: seed must be a whole number, got ${seed}`)
  if (!(bleuSentences >= 0))
    throw new HeedTypeError('option', `trainTranslation: bleuSentences must be a count, got ${bleuSentences}`)
  return settings
}
