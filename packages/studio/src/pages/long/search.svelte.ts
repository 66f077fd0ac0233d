import { ask } from '../../engine/client'
import type { LongHead } from '../../engine/long'
import { joined, type Link, spreadOut } from './links'

/** Weights that are looked through at once: tiles that are wanted meanwhile wait no longer than this takes. */
const SLICE = 2 ** 24
/** Candidates of a slice, and links of the list. */
const [CANDIDATES, LISTED] = [512, 24]

/** Looks through the map of a head for its strongest links, some rows at a time, whenever no tile is wanted. */
export class LinkSearch {
  list = $state.raw<readonly Link[]>([])
  /** Queries looked through. */
  done = $state(0)
  error = $state.raw<Error>()
  #found: readonly Link[] = []
  readonly #stop = new AbortController()

  constructor(
    readonly of: LongHead,
    readonly tokens: number,
    readonly apart: number,
    /** Something more urgent is computed. */
    readonly isBusy: () => boolean,
  ) {
    void this.#run()
  }

  get isDone(): boolean {
    return this.done === this.tokens
  }

  stop(): void {
    this.#stop.abort()
  }

  async #run(): Promise<void> {
    const { of, tokens, apart } = this
    const { signal } = this.#stop
    const rows = Math.max(1, Math.floor(SLICE / tokens))
    try {
      for (let start = 0; start < tokens; start += rows) {
        do await new Promise((later) => setTimeout(later, 20))
        while (!signal.aborted && this.isBusy())
        const end = Math.min(tokens, start + rows)
        const asked = { ...of, rows: [start, end] as const, apart, most: CANDIDATES }
        this.#found = joined(this.#found, await ask('longLinks', asked, { signal }))
        this.list = spreadOut(this.#found, LISTED)
        this.done = end
      }
    } catch (error) {
      if (!signal.aborted) this.error = error as Error
    }
  }
}
