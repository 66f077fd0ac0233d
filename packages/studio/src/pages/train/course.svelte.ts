import type { Shot } from '../../engine/train-probe'
import type { TrainEvent, TrainRequest, TrainStart } from '../../engine/train-run'
import { Moments } from '../../engine/train-shots'
import type { TrainOrder } from '../../engine/train-worker'
import type { Evaluation, Step } from './curves'

export type CourseState = 'starting' | 'running' | 'resting' | 'finished' | 'failed' | 'left'

/** ms between two looks of the figures at what was told: often enough for the eye, and the core is left to the training. */
const SHOW_EVERY = 80

/**
 * A training run of this page: its worker, and all that it has told. What it tells comes to the figures a dozen times a second,
 * however fast the steps are.
 */
export class Course {
  state = $state<CourseState>('starting')
  start = $state.raw<TrainStart>()
  error = $state.raw<{ code: string; message: string }>()
  /** New arrays each time. */
  steps = $state.raw<readonly Step[]>([])
  evaluations = $state.raw<readonly Evaluation[]>([])
  shots = $state.raw<readonly Shot[]>([])
  tokensPerSecond = $state(0)
  secondsLeft = $state<number>()

  readonly #worker: Worker
  readonly #told = { steps: [] as Step[], evaluations: [] as Evaluation[], shots: new Moments<Shot>() }
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(readonly request: TrainRequest) {
    this.#worker = new Worker(new URL('../../engine/train-worker.ts', import.meta.url), {
      type: 'module',
      name: 'heed-train',
    })
    this.#worker.addEventListener('message', ({ data }: MessageEvent<TrainEvent>) => this.#hear(data))
    const lost = (event: Event) => {
      const { message = '' } = event as Partial<ErrorEvent>
      this.#hear({ type: 'failed', code: 'engine', message: message || 'the worker stopped' })
    }
    this.#worker.addEventListener('error', lost)
    this.#worker.addEventListener('messageerror', lost)
    this.#order({ type: 'start', request })
  }

  get isOver(): boolean {
    return ['finished', 'failed', 'left'].includes(this.state)
  }

  rest(): void {
    if (this.state !== 'running') return
    this.#order({ type: 'rest' })
    this.state = 'resting'
  }

  go(): void {
    if (this.state !== 'resting') return
    this.#order({ type: 'go' })
    this.state = 'running'
  }

  /** Ends it; what it told stays. */
  leave(): void {
    this.#worker.terminate()
    if (!this.isOver) this.state = 'left'
    this.#show()
  }

  #order(order: TrainOrder): void {
    this.#worker.postMessage(order)
  }

  #hear(event: TrainEvent): void {
    const told = this.#told
    if (event.type === 'started') {
      this.start = event.start
      if (this.state === 'starting') this.state = 'running'
    } else if (event.type === 'step') {
      const { step, loss, norm, gradients, tokensPerSecond } = event.step
      told.steps.push({ step, loss, norm, gradients })
      this.tokensPerSecond = tokensPerSecond
      this.secondsLeft = event.secondsLeft
    } else if (event.type === 'evaluation') told.evaluations.push(event.validation)
    else if (event.type === 'shot') told.shots.add(event.shot)
    else {
      this.state = event.type
      if (event.type === 'failed') this.error = { code: event.code, message: event.message }
      this.#worker.terminate()
    }
    this.#timer ??= setTimeout(() => this.#show(), SHOW_EVERY)
  }

  #show(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const { steps, evaluations, shots } = this.#told
    this.steps = [...steps]
    this.evaluations = [...evaluations]
    this.shots = [...shots.all]
  }
}
