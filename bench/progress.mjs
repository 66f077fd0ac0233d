/** One line on stderr that says where the run is and how long it will take; plain lines where it is no terminal. */
export class Progress {
  #start = performance.now()
  #done = 0
  #tty = process.stderr.isTTY

  constructor(total) {
    this.total = total
  }

  /** A case begins. */
  say(what) {
    const line = `[${this.#done + 1}/${this.total}] ${what}${this.#left()}`
    process.stderr.write(this.#tty ? `\r\x1b[2K${line.slice(0, process.stderr.columns - 1)}` : `${line}\n`)
  }

  /** A case has ended. */
  next() {
    this.#done++
  }

  /** Something to remember, which stays on the screen. */
  note(text) {
    process.stderr.write(`${this.#tty ? '\r\x1b[2K' : ''}${text}\n`)
  }

  end() {
    if (this.#tty) process.stderr.write('\r\x1b[2K')
  }

  #left() {
    if (this.#done === 0) return ''
    const seconds = ((performance.now() - this.#start) / 1000 / this.#done) * (this.total - this.#done)
    return seconds < 90 ? `, ${Math.ceil(seconds)} s left` : `, ${Math.round(seconds / 60)} min left`
  }
}
