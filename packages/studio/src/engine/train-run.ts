import { type Normalizer, useBackend } from 'heed'
import { rescale, swapSoftmax } from 'heed/lens'
import type { DrawnToken } from 'heed/look'
import type { EncoderModel, Intervention } from 'heed/models'
import {
  describeSession,
  type LabelledSentence,
  parseLabelled,
  type SessionStep,
  type TrainingSession,
  type Validation,
} from 'heed/train'
import { probe, probeTokens, type Shot } from './train-probe'
import { Moments } from './train-shots'
import { sequences, taskSettings, type TrainTask } from './train-tasks'

/** What is changed of softmax(QKᵀ / √d_k) V throughout a run. */
export interface TrainRules {
  /** Scores are divided by √d_k. */
  scale: boolean
  normalizer: Normalizer
}

export interface TrainRequest extends TrainRules {
  task: TrainTask
  /** Of the initial weights and of the order of the data. */
  seed: number
  /** The sentence whose map is drawn. */
  text: string
  /** Where train.tsv and valid.tsv of `describe` are. */
  data: string
  /** At most so many steps; default: those of the task. */
  steps?: number
}

export interface TrainStart {
  parameters: number
  words: number
  sentences: Record<'train' | 'valid', number>
  steps: number
  heads: number
  /** Of a query. */
  headSize: number
  tokens: DrawnToken[]
  /** Words of the probe that the model does not know. */
  unknown: string[]
  threads: number
}

/** What a run tells as it goes on. */
export type TrainEvent =
  | { type: 'started'; start: TrainStart }
  | { type: 'step'; step: SessionStep; secondsLeft: number }
  | { type: 'evaluation'; validation: Validation }
  | { type: 'shot'; shot: Shot }
  | { type: 'finished' }
  | { type: 'failed'; code: string; message: string }

/** How a run is held up, and let go. */
export class Gate {
  #open: (() => void) | undefined
  #waiting: Promise<void> | undefined

  get isClosed(): boolean {
    return this.#waiting !== undefined
  }

  close(): void {
    this.#waiting ??= new Promise((open) => (this.#open = open))
  }

  open(): void {
    this.#open?.()
    this.#waiting = undefined
  }

  async through(): Promise<void> {
    await this.#waiting
  }
}

/** Lets messages come in, without the rest of 4 ms that a timer takes. */
function turn(): Promise<void> {
  const { setImmediate: immediately } = globalThis as { setImmediate?: (next: () => void) => void }
  if (immediately) return new Promise((next) => immediately(next))
  return new Promise((next) => {
    const { port1, port2 } = new MessageChannel()
    const heard = () => (port1.close(), next())
    port1.addEventListener('message', heard)
    port1.start()
    port2.postMessage(null)
  })
}

/** What makes the attention of a run other than the model's own. */
export function interventionsOf({ scale, normalizer }: TrainRules, headSize: number): Intervention[] {
  const sites = 'layers.*.self'
  return [
    ...(scale ? [] : [rescale(sites, Math.sqrt(headSize))]),
    ...(normalizer === 'softmax' ? [] : [swapSoftmax(sites, normalizer)]),
  ]
}

/** The data of a task; those of `describe` are fetched. */
async function dataOf({ task, data }: TrainRequest): Promise<Record<'train' | 'valid', LabelledSentence[]>> {
  if (task !== 'describe') return sequences(task)
  const read = async (name: string) => {
    const address = new URL(`${name}.tsv`, data).href
    const response = await fetch(address)
    if (!response.ok) throw new Error(`${address}: the server answers ${response.status}; load the page anew`)
    return parseLabelled(await response.text(), name)
  }
  return { train: await read('train'), valid: await read('valid') }
}

const WIDTH = 64

/**
 * Trains a small encoder and tells what it does: each step, at times how good it is, and what it makes of the probe. Between
 * steps it listens, and rests where the gate is closed.
 */
export async function runTraining(
  request: TrainRequest,
  tell: (event: TrainEvent) => void,
  gate: Gate,
  signal?: AbortSignal,
): Promise<void> {
  const { task, seed, text } = request
  const settings = taskSettings(task)
  // One core stays free for the page.
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1
  const { threads = 1 } = (await useBackend('wasm', {
    threads: Math.max(1, Math.min(4, cores - 1)),
  })) as { threads?: number }
  const { train, valid } = await dataOf(request)
  const interventions = interventionsOf(request, WIDTH / settings.heads)
  using session = await describeSession({
    train,
    valid,
    seed,
    vocabSize: settings.vocabSize,
    config: { hidden_size: WIDTH, intermediate_size: 2 * WIDTH, num_attention_heads: settings.heads },
    steps: Math.min(request.steps ?? settings.steps, settings.steps),
    batchTokens: settings.batchTokens,
    schedule: { peak: settings.peak, warmup: settings.warmup },
    with: interventions,
    signal,
  })
  tell({
    type: 'started',
    start: {
      parameters: session.parameters,
      words: session.model.tokenizer!.vocabSize,
      sentences: { train: train.length, valid: valid.length },
      steps: session.steps,
      heads: session.model.heads,
      headSize: WIDTH / settings.heads,
      ...probeTokens(session.model, text),
      threads,
    },
  })
  await steps(session, { text, interventions, every: settings.evaluateEvery, tell, gate, signal })
  if (!signal?.aborted) tell({ type: 'finished' })
}

interface Course {
  text: string
  interventions: readonly Intervention[]
  /** Steps between evaluations. */
  every: number
  tell: (event: TrainEvent) => void
  gate: Gate
  signal?: AbortSignal
}

async function steps(session: TrainingSession<EncoderModel>, course: Course): Promise<void> {
  const { text, interventions, every, tell, gate, signal } = course
  const moments = new Moments<{ step: number }>()
  const look = async () => {
    const { step } = session.state
    if (step % every === 0 || session.isFinished) {
      const validation = await session.evaluate()
      if (validation) tell({ type: 'evaluation', validation })
    }
    if (!moments.isDue(step) && !session.isFinished) return
    tell({ type: 'shot', shot: await probe(session.model, text, step, interventions) })
    moments.add({ step })
  }
  await look()
  let seconds = 0
  while (!session.isFinished) {
    await turn()
    await gate.through()
    if (signal?.aborted) return
    const started = performance.now()
    const step = await session.step()
    await look()
    seconds += (performance.now() - started) / 1000
    tell({ type: 'step', step, secondsLeft: (seconds / step.step) * (session.steps - step.step) })
  }
}
