import { breather } from '../breathe.js'
import { HeedError } from '../errors.js'
import { exists, makeFolder, writeModelFolder } from '../io/index.js'
import { loadModel, type Model } from '../models/index.js'
import { readCheckpoint, readCheckpointIndex, stepOf, withdrawCheckpoints } from './checkpoint.js'
import type { Given } from './given.js'
import type { MetricsRow } from './metrics.js'
import { claimRun, recordedSettings, type RunEnd, writeInfo, writeStatus } from './run-folder.js'
import type { RunState } from './run-state.js'
import type { MapRow, SamplesRow } from './samples.js'
import { schedule } from './schedules.js'
import type { Settings } from './settings.js'
import { StepLog } from './step-log.js'
import type { Task } from './task.js'
import { Diverged, Training } from './training.js'

export interface TrainingResult {
  /** False when the signal stopped it: `resume` goes on. */
  finished: boolean
  /** The run folder; when finished it is a model folder, of the best model. */
  folder: string
  state: RunState
}

/**
 * Trains in a run folder: `checkpoints/`, what run-folder.ts lists, and at the end the best model itself (config.json,
 * model.safetensors, tokenizer.json).
 *
 * @param prepare reads the data; given the config and tokenizer of the run that is resumed or the model that is gone on
 *   from, if there is one
 */
export async function train<M extends Model>(
  settings: Settings,
  prepare: Prepare<M>,
): Promise<TrainingResult> {
  const { out, steps, resume, onEvent } = settings
  const index = await readCheckpointIndex(out)
  if (index && !resume)
    throw new HeedError('input', `${out}: holds a run already; resume it, or name another folder`)
  if (!index && (await exists(`${out}/model.safetensors`)))
    throw new HeedError('input', `${out}: holds a model; name another folder`)

  await makeFolder(out)
  const release = await claimRun(out)
  using training = await begin(settings, prepare).catch(async (error: unknown) => {
    await release().catch(() => undefined) // the first error is the one to tell
    throw error
  })
  try {
    const { parameters, state, task } = training
    const { config, vocabSize, kind = String(config.model_type) } = task
    const info = {
      task: kind,
      steps,
      parameters,
      vocabSize,
      settings: recordedSettings(settings),
      config: { ...config },
    }
    await writeInfo(out, info)
    if (index) onEvent({ type: 'resumed', step: state.step })
    const finished = await loop(settings, training, await logsOf(out, state))
    if (finished) {
      const which = (await readCheckpointIndex(out))?.best ? 'best' : 'latest'
      await writeModelFolder(out, (await readCheckpoint(out, which)).model)
    }
    await writeStatus(out, finished ? 'finished' : 'stopped')
    return { finished, folder: out, state: { ...state } }
  } catch (error) {
    throw await ended(out, training.state.step, error)
  }
}

type Prepare<M extends Model> = (given: Given | undefined) => Promise<Task<M>>

/** The run as it was left, or a new one: from the weights of a model, or from random ones. */
async function begin<M extends Model>(settings: Settings, prepare: Prepare<M>): Promise<Training<M>> {
  const { from, out, signal } = settings
  const index = await readCheckpointIndex(out)
  const saved = index && (await readCheckpoint(out))
  // The weights of a run that is resumed are its own: the model may be gone.
  using base = saved || from === undefined ? undefined : await loadModel<M>(from, { signal })
  const given = saved?.model ?? (base && { config: { ...base.config }, ...base.files })
  const prepared = await prepare(given)
  const task = { ...prepared, identity: { ...prepared.identity, from: from ?? '' } }
  const training = new Training(settings, task, saved, base)
  // One that was withdrawn is none to beat: the best before it is not kept.
  if (!index?.best) training.state.best = null
  return training
}

interface Logs {
  metrics: StepLog<MetricsRow>
  samples: StepLog<SamplesRow>
  maps: StepLog<MapRow>
}

/** What was written after the checkpoint, or by an evaluation that it does not know of, is written again. */
async function logsOf(out: string, { step, last }: RunState): Promise<Logs> {
  const evaluated = (row: { step: number }) => row.step <= (last?.step ?? 0)
  return {
    metrics: await StepLog.open<MetricsRow>(`${out}/metrics.jsonl`, (row) =>
      row.validLoss === undefined ? row.step <= step : evaluated(row),
    ),
    samples: await StepLog.open<SamplesRow>(`${out}/samples.jsonl`, evaluated),
    maps: await StepLog.open<MapRow>(`${out}/attention.jsonl`, evaluated),
  }
}

/**
 * Steps, evaluations and checkpoints, until all steps are taken or the signal stops it. Says whether all is done, the
 * evaluation after the last step too.
 */
async function loop<M extends Model>(
  settings: Settings,
  training: Training<M>,
  logs: Logs,
): Promise<boolean> {
  const { steps, signal, onEvent } = settings
  const { state } = training
  const rateOf = schedule(settings.schedule, steps)
  const breathe = breather()
  const started = { at: performance.now(), step: state.step }
  const due = (every: number) => state.step > 0 && (state.step % every === 0 || state.step >= steps)
  for (;;) {
    await breathe()
    let best: boolean | undefined = false
    if (due(settings.evaluateEvery) && state.last?.step !== state.step)
      best = await unlessAborted(evaluate(training, logs, onEvent))
    const stop = signal?.aborted || state.step >= steps
    if (best || stop || due(settings.checkpointEvery)) {
      const folder = await training.save(best ?? false)
      if (folder) onEvent({ type: 'checkpoint', step: state.step, folder })
    }
    if (stop) return state.step >= steps && best !== undefined

    const rate = rateOf(state.step + 1)
    const report = await training.step(rate)
    if (report.skipped) onEvent({ type: 'skipped', step: state.step, norm: report.norm })
    const { tokensPerSecond } = training
    if (due(settings.reportEvery)) {
      await logs.metrics.write({ ...report, rate, tokensPerSecond })
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
}

/** Whether the model is the best so far. Nothing is written, and nothing changed, before all is there. */
async function evaluate<M extends Model>(
  training: Training<M>,
  { metrics, samples, maps }: Logs,
  onEvent: Settings['onEvent'],
): Promise<boolean> {
  const { state } = training
  const seen = await training.sample()
  const validation = await training.evaluate()
  if (!validation) return false
  const { step, loss: validLoss, ...rest } = validation
  const best = state.best === validation
  await metrics.write({ step, tokens: state.tokens, validLoss, ...rest })
  if (seen && seen.samples.length > 0) await samples.write({ step, samples: seen.samples })
  if (seen?.map) await maps.write({ step, ...seen.map })
  onEvent({ type: 'evaluation', best, ...validation })
  return best
}

/** Undefined for an evaluation that the signal cut short: it is made again when the run is resumed. */
async function unlessAborted<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof HeedError && error.code === 'aborted') return undefined
    throw error
  }
}

/** Notes in the run folder how a run ended that came to no good, and says what is left of it. */
async function ended(out: string, step: number, error: unknown): Promise<unknown> {
  if (!(error instanceof HeedError)) return error
  const diverged = error instanceof Diverged
  // Weights that give such a loss are none to go on from.
  const kept = await (diverged ? withdrawCheckpoints(out, error.since) : latestStep(out)).catch(
    () => undefined,
  )
  const left =
    kept === undefined
      ? 'there is no checkpoint yet'
      : `the checkpoint of step ${kept} is kept, and --resume goes on from there`
  const advice = diverged ? 'lower the peak rate; ' : ''
  const message = `${diverged ? '' : `stopped at step ${step}: `}${error.message}; ${advice}${left}`
  const state: RunEnd = diverged ? 'diverged' : 'failed'
  await writeStatus(out, state, message).catch(() => undefined) // the first error is the one to tell
  return new HeedError(error.code, `${out}: ${message}`, { cause: error })
}

const latestStep = async (out: string): Promise<number | undefined> => {
  const index = await readCheckpointIndex(out)
  return index && stepOf(index.latest)
}
