import { ask } from '../../engine/client'
import type { Instead } from '../../engine/heads-worth'
import type { ModelSource } from '../../engine/models'

interface Question {
  model: ModelSource
  text: string
  to: Instead
}

/** Heads up to here are measured without being asked for. */
export const MOST_UNASKED = 48

export const headKey = (site: string, head: number): string => `${site}·${head}`

/**
 * What every head is worth, taken out one by one. An attention at a time, so that whatever else is asked is answered in
 * between.
 */
export class Sweep {
  /** By `headKey`. */
  damages = $state.raw<ReadonlyMap<string, number>>(new Map())
  /** What they are: `damageName` of the lens. */
  unit = $state('')
  isRunning = $state(false)
  error = $state<string>()
  #question = ''
  #sites: readonly string[] = []
  #stop = new AbortController()

  /** Another text, model or substitute: what was measured goes. */
  about(question: Question, sites: readonly string[]): void {
    const key = JSON.stringify([question, sites])
    if (key === this.#question) return
    this.stop()
    this.#question = key
    this.#sites = sites
    this.damages = new Map()
    this.error = undefined
  }

  /** Measures what is missing. */
  async go(): Promise<void> {
    if (this.isRunning || this.#question === '') return
    const [question] = JSON.parse(this.#question) as [Question]
    const { signal } = (this.#stop = new AbortController())
    this.isRunning = true
    this.error = undefined
    try {
      for (const site of this.#sites) {
        if (this.damages.has(headKey(site, 0))) continue
        const { damages, damageName } = await ask('damages', { ...question, site }, { signal })
        if (signal.aborted) return
        this.unit = damageName
        this.damages = new Map([
          ...this.damages,
          ...Array.from(damages, (damage, head) => [headKey(site, head), damage] as const),
        ])
      }
    } catch (error) {
      if (!signal.aborted) this.error = (error as Error).message
    } finally {
      if (!signal.aborted) this.isRunning = false
    }
  }

  stop(): void {
    this.#stop.abort()
    this.isRunning = false
  }
}
