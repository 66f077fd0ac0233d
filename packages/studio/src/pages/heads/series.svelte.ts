/** One of many questions. */
export type Question<A> = (options: { signal: AbortSignal }) => Promise<A>

/**
 * Many small questions, one after another, so that whatever else is asked is answered in between. It can be stopped and gone
 * on with.
 */
export class Series<A> {
  /** In the order of the questions; undefined is not there yet. */
  answers = $state.raw<readonly (A | undefined)[]>([])
  isRunning = $state(false)
  error = $state<string>()
  readonly done = $derived(this.answers.filter((answer) => answer !== undefined).length)
  #about = ''
  #questions: readonly Question<A>[] = []
  #stop = new AbortController()

  /** Other questions, unless they are about the same: what was answered goes. */
  ask(about: string, questions: readonly Question<A>[]): void {
    if (about === this.#about) return
    this.stop()
    this.#about = about
    this.#questions = questions
    this.answers = questions.map(() => undefined)
    this.error = undefined
  }

  /** Asks what is not answered yet. */
  async go(): Promise<void> {
    if (this.isRunning) return
    const { signal } = (this.#stop = new AbortController())
    this.isRunning = true
    this.error = undefined
    try {
      for (const [n, question] of this.#questions.entries()) {
        if (this.answers[n] !== undefined) continue
        const answer = await question({ signal })
        if (signal.aborted) return
        this.answers = this.answers.with(n, answer)
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
