import { HeedError } from '../errors.js'
import { exists, listFolders, modifiedAt, readText, removeFile, writeFileAtomic } from '../io/files.js'
import { host, isAlive, processId } from '../io/process.js'
import { isRecord, parseRecord } from '../json.js'
import { readCheckpointIndex, stepOf } from './checkpoint.js'
import type { MetricsRow } from './metrics.js'
import type { Validation } from './run-state.js'
import type { SamplesRow } from './samples.js'
import { readRows } from './step-log.js'

/*
 * Beside its checkpoints a run folder has, for people and for `heed runs`:
 *   run.json          what is trained and how: task, settings, config, parameters
 *   status.json       whether it is running, and how it ended
 *   metrics.jsonl     losses, rates and scores, a step a line
 *   samples.jsonl     what the model made of a few texts at every evaluation
 *   attention.jsonl   one attention over one text, likewise
 */

/** What is trained, and how: run.json. */
export interface RunInfo {
  task: string
  /** In all. */
  steps: number
  parameters: number
  vocabSize: number
  /** Options with their defaults; of data that is no file, how many items. */
  settings: Record<string, unknown>
  /** As config.json will have it. */
  config: Record<string, unknown>
}

/** - `diverged`: loss or gradient were no numbers any more; - `failed`: anything else, such as a full disk. */
export type RunEnd = 'stopped' | 'finished' | 'diverged' | 'failed'

/** status.json. */
interface RunStatus {
  state: RunEnd | 'running'
  /** Who trains. */
  pid: number
  host: string
  /** How it ended, in a line for people. */
  message?: string
}

const infoFile = (run: string) => `${run}/run.json`
const statusFile = (run: string) => `${run}/status.json`
const textOf = (json: object) => `${JSON.stringify(json, null, 2)}\n`

/** What of the options JSON can say. */
export function recordedSettings(settings: object): Record<string, unknown> {
  const plain = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value)
  const recorded = (value: unknown): unknown => {
    if (plain(value)) return value
    if (Array.isArray(value)) return value.length
    if (!isRecord(value)) return undefined
    return Object.fromEntries(Object.entries(value).filter(([, inner]) => plain(inner)))
  }
  const left = ['signal', 'tokenizer', 'config', 'resume']
  const named = Object.entries(settings).filter(([name]) => !left.includes(name))
  return Object.fromEntries(named.map(([name, value]) => [name, recorded(value)]))
}

/**
 * Says that this process trains in the folder. Gives what takes that back, for a run that does not come about.
 *
 * @throws HeedError `input` when another one does
 */
export async function claimRun(run: string): Promise<() => Promise<void>> {
  const status = await readStatus(run)
  if (status?.state === 'running' && status.pid !== processId() && (await isRunning(run, status)))
    throw new HeedError(
      'input',
      `${run}: process ${status.pid} trains in it; stop that one first, or name another folder`,
    )
  await writeStatus(run, 'running')
  const file = statusFile(run)
  return () => (status ? writeFileAtomic(file, textOf(status)) : removeFile(file))
}

export const writeInfo = (run: string, info: RunInfo): Promise<void> =>
  writeFileAtomic(infoFile(run), textOf(info))

export const writeStatus = (run: string, state: RunStatus['state'], message?: string): Promise<void> =>
  writeFileAtomic(statusFile(run), textOf({ state, pid: processId(), host: host(), message }))

async function readStatus(run: string): Promise<RunStatus | undefined> {
  const file = statusFile(run)
  return (await exists(file)) ? (parseRecord(await readText(file), file) as unknown as RunStatus) : undefined
}

/** A process that was killed says nothing: its number is asked for, and trusted while the run shows signs of life. */
const SILENT_AFTER = 24 * 3600 * 1000

async function isRunning(run: string, { pid, host: where }: RunStatus): Promise<boolean> {
  if (where !== host() || !isAlive(pid)) return false
  const since = Date.now() - SILENT_AFTER
  // Of a run that has just been resumed the metrics may be old.
  for (const file of [statusFile(run), `${run}/metrics.jsonl`])
    if ((await exists(file)) && (await modifiedAt(file)) > since) return true
  return false
}

/** A run as its folder tells it. Of runs that an older heed made some things are not known. */
export interface RunSummary {
  folder: string
  state: RunEnd | 'running' | 'unknown'
  /** How it ended, where there is something to say. */
  message?: string
  task?: string
  parameters?: number
  /** Steps taken, and in all. */
  step: number
  steps?: number
  tokens: number
  /** The smoothed training loss. */
  loss?: number
  rate?: number
  /** The last validation, and the best. */
  last?: Validation
  best?: Validation
  tokensPerSecond?: number
  /** Spent in steps, without evaluations and checkpoints. */
  seconds: number
  /** Names of folders in `checkpoints`, the latest first. */
  checkpoints: string[]
  bestCheckpoint?: string
  settings?: Record<string, unknown>
  config?: Record<string, unknown>
  metrics: MetricsRow[]
}

const isRun = async (folder: string): Promise<boolean> =>
  (await exists(infoFile(folder))) || (await exists(`${folder}/metrics.jsonl`))

/**
 * The runs in a folder, by name; the folder itself when it is one.
 *
 * @throws HeedError `not-found` when there is no such folder
 */
export async function findRuns(folder: string): Promise<string[]> {
  if (!(await exists(folder))) throw new HeedError('not-found', `${folder}: does not exist; check the path`)
  if (await isRun(folder)) return [folder]
  const inside = (await listFolders(folder)).map((name) => `${folder.replace(/\/+$/, '')}/${name}`)
  const runs = await Promise.all(inside.map(isRun))
  return inside.filter((_, i) => runs[i])
}

/**
 * What a run folder tells of its run, also while it is running.
 *
 * @throws HeedError `not-found` when the folder holds no run, `format` for a damaged file
 */
export async function readRun(folder: string): Promise<RunSummary> {
  if (!(await isRun(folder)))
    throw new HeedError('not-found', `${folder}: holds no run; heed train makes one with --out`)
  const info = (await exists(infoFile(folder)))
    ? (parseRecord(await readText(infoFile(folder)), infoFile(folder)) as unknown as RunInfo)
    : undefined
  const metrics = await readRows<MetricsRow>(`${folder}/metrics.jsonl`)
  const index = await readCheckpointIndex(folder)
  const checkpoints = index ? [index.latest, ...(index.earlier ?? [])] : []
  const trained = metrics.findLast(({ loss }) => loss !== undefined)
  const validations = metrics.flatMap(validationOf)
  const { vocabSize: _, ...known } = info ?? {}
  return {
    folder,
    ...(await stateOf(folder)),
    ...known,
    step: Math.max(0, metrics.at(-1)?.step ?? 0, index ? stepOf(index.latest) : 0),
    tokens: metrics.at(-1)?.tokens ?? 0,
    loss: trained?.smoothedLoss ?? trained?.loss,
    rate: trained?.rate,
    last: validations.at(-1),
    best: index?.best && validations.find(({ step }) => step === stepOf(index.best!)),
    tokensPerSecond: trained?.tokensPerSecond,
    seconds: secondsOf(metrics),
    checkpoints,
    bestCheckpoint: index?.best,
    metrics,
  } as RunSummary
}

async function stateOf(folder: string): Promise<Pick<RunSummary, 'state' | 'message'>> {
  const status = await readStatus(folder)
  if (!status) return { state: (await exists(`${folder}/model.safetensors`)) ? 'finished' : 'unknown' }
  const { state, message } = status
  if (state !== 'running') return message === undefined ? { state } : { state, message }
  return (await isRunning(folder, status))
    ? { state }
    : { state: 'stopped', message: 'its process is gone; resume it' }
}

function validationOf(row: MetricsRow): Validation[] {
  const { validLoss: loss } = row
  if (loss === undefined) return []
  const score = Object.entries(row).filter(([name]) => name !== 'validLoss' && name !== 'tokens')
  return [{ ...(Object.fromEntries(score) as { step: number }), loss }]
}

/** Each line says how fast the steps since the one before were. */
function secondsOf(metrics: readonly MetricsRow[]): number {
  let [seconds, tokens] = [0, 0]
  for (const row of metrics) {
    if (!row.tokensPerSecond) continue
    seconds += (row.tokens - tokens) / row.tokensPerSecond
    tokens = row.tokens
  }
  return seconds
}

/** What the model of a run made of a few texts, evaluation by evaluation. */
export const readSamples = (folder: string): Promise<SamplesRow[]> =>
  readRows<SamplesRow>(`${folder}/samples.jsonl`)
