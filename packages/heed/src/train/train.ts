import { breather } from '../breathe.js'
import { HeedError } from '../errors.js'
import { exists, makeFolder, writeModelFolder } from '../io/index.js'
import type { Model } from '../models/index.js'
import { readCheckpoint, readCheckpointIndex } from './checkpoint.js'
import { MetricsLog } from './metrics.js'
import type { RunState } from './run-state.js'
import { schedule } from './schedules.js'
import type { Settings } from './settings.js'
import type { Task } from './task.js'
import { Training } from './training.js'

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
 * Trains in a run folder: `checkpoints/`, `metrics.jsonl` with a JSON object per line, and at the end the best model
 * itself (config.json, model.safetensors, tokenizer.json).
 *
 * @param prepare reads the data; given the tokenizer of the run that goes on, if there is one
 */
export async function train<M extends Model>(
  settings: Settings,
  prepare: (savedTokenizer: Record<string, unknown> | undefined) => Promise<Task<M>>,
): Promise<TrainingResult> {
  const { out, steps, signal, resume, onEvent } = settings
  const rateOf = schedule(settings.schedule, steps)
  const index = await readCheckpointIndex(out)
  if (index && !resume)
    throw new HeedError('input', `${out}: holds a run already; resume it, or name another folder`)
  if (!index && (await exists(`${out}/model.safetensors`)))
    throw new HeedError('input', `${out}: holds a model; name another folder`)
  const saved = index && (await readCheckpoint(out))

  const task = await prepare(saved?.model.tokenizerJson)
  await makeFolder(out)
  using training = new Training(settings, task, saved)
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
    if (due(settings.evaluateEvery) && state.last?.step !== state.step) {
      const validation = await unlessAborted(training.evaluate())
      if (validation) {
        const { step, loss: validLoss, ...rest } = validation
        best = state.best === validation
        await log.write({ step, tokens: state.tokens, validLoss, ...rest })
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
