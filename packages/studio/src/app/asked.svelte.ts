import { EngineError, type Progress } from '../engine/rpc'

/** Quicker answers show nothing on the way. */
const SLOW = 300

/**
 * The latest answer to a question that is asked again and again. An older question is stopped; the last answer stays until
 * the new one is there; an error keeps it too.
 */
export class Asked<T> {
  value = $state.raw<T>()
  error = $state.raw<EngineError>()
  progress = $state.raw<Progress>()
  isBusy = $state(false)
  /** Busy for so long that one should say so. */
  isSlow = $state(false)
  #stop: AbortController | undefined

  ask(
    question: (options: { signal: AbortSignal; onProgress: (progress: Progress) => void }) => Promise<T>,
  ): void {
    this.stop()
    const controller = (this.#stop = new AbortController())
    const { signal } = controller
    this.isBusy = true
    this.error = undefined
    this.progress = undefined
    const timer = setTimeout(() => (this.isSlow = true), SLOW)
    signal.addEventListener('abort', () => clearTimeout(timer))
    const end = () => {
      clearTimeout(timer)
      this.isBusy = this.isSlow = false
    }
    question({ signal, onProgress: (progress) => !signal.aborted && (this.progress = progress) }).then(
      (value) => {
        if (signal.aborted) return
        this.value = value
        end()
      },
      (error: unknown) => {
        if (signal.aborted) return
        this.error =
          error instanceof EngineError ? error : new EngineError('failed', (error as Error).message)
        end()
      },
    )
  }

  /** Lets go of the question; what is there stays. */
  stop(): void {
    this.#stop?.abort()
    this.isBusy = this.isSlow = false
  }
}
