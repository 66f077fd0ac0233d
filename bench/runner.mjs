import { clocks } from './clock.mjs'
import { Contender, contenders } from './contender.mjs'
import { sameResult } from './numbers.mjs'
import { yardstick } from './yardstick.mjs'

/** Contenders whose call takes longer than this, in seconds, sit rounds out. */
const slow = 2
const slowRounds = 3
/** How often a measurement is repeated because the machine was disturbed. */
const repeats = 8
/** How long, in ms, a quiet moment is waited for at once, and in a case altogether: then the machine is taken as it is. */
const patience = 4000
const patienceOfCase = 30_000

/**
 * Measures cases one after another; of each, all contenders in turn, round by round, with the yardstick before and
 * after every measurement: what disturbs the machine for a while disturbs all alike, and shares of the yardstick are
 * of the same moment. What was measured while the canary was unwell (canary.mjs) is measured again.
 */
export class Runner {
  #running = new Map()
  /** What a contender said when it could not start. */
  #lost = new Map()
  #yardstick
  #waited = 0
  stopped = false

  constructor({ rounds, clock, least }, { progress, log, quiet }) {
    Object.assign(this, { rounds, clock, least, progress, log, quiet })
    this.#yardstick = yardstick(true, clocks[clock])
  }

  /** Results of a case by contender: { seconds, yardstick }, lists over rounds; or { facts }; or { skipped }. */
  async measure(work) {
    const results = {}
    const ready = []
    this.#waited = 0
    for (const name of work.contenders) {
      if (this.stopped) break
      const answer = await this.#prepare(name, work)
      const skipped = answer.error ?? answer.skip
      if (skipped) results[name] = { skipped }
      else if (answer.facts) results[name] = { facts: answer.facts }
      else {
        results[name] = { seconds: [], yardstick: [], sample: answer.sample }
        ready.push(name)
      }
      if (work.fresh) this.#stop(name)
    }
    for (let round = 0; round < this.rounds && !this.stopped; round++)
      for (const name of ready) if (!this.stopped) await this.#round(name, round, results)
    for (const name of ready) await this.#running.get(name)?.ask('dispose')
    this.#compare(work, results)
    return results
  }

  async #prepare(name, work) {
    if (this.#lost.has(name)) return { error: this.#lost.get(name) }
    if (this.clock === 'cpu' && contenders[name].threads > 1)
      return { skip: 'processor time says nothing about threads' }
    let contender = this.#running.get(name)
    if (!contender) {
      contender = new Contender(name, this.clock)
      const { version, error } = await contender.ask('start')
      if (error) {
        contender.stop()
        this.#lost.set(name, error)
        this.progress.note(`  ${name} takes no part: ${error}`)
        return { error }
      }
      this.log.contenders[name] = version
      this.#running.set(name, contender)
    }
    const answer = await contender.ask('prepare', { case: work, warm: 3 * this.least })
    // A process that failed may be in any state; the next case gets a fresh one.
    if (answer.error) {
      this.#stop(name)
      this.progress.note(`  ${name} fails at ${work.id}: ${answer.error.slice(0, 150)}`)
    }
    return answer
  }

  async #round(name, round, results) {
    const result = results[name]
    if (result.skipped || (round >= slowRounds && result.seconds[0] > slow)) return
    for (let turn = 0; turn <= repeats; turn++) {
      await this.#untilQuiet()
      const before = this.#yardstick()
      const { seconds, error } = await this.#running.get(name).ask('measure', { least: this.least })
      const after = this.#yardstick()
      if (this.stopped && round > 0) return // cut short
      if (error) {
        results[name] = { skipped: error }
        this.#stop(name)
        return
      }
      result.seconds[round] = seconds
      result.yardstick[round] = (before + after) / 2
      this.log.measurements++
      if (this.quiet()) return
      if (seconds > slow || this.#waited >= patienceOfCase) break
      this.log.repeated++
    }
    this.log.disturbed++
  }

  async #untilQuiet() {
    const start = performance.now()
    const most = Math.min(patience, patienceOfCase - this.#waited)
    while (!this.quiet() && performance.now() - start < most && !this.stopped)
      await new Promise((wake) => setTimeout(wake, 20))
    this.#waited += performance.now() - start
  }

  /** Who computes something else than heed is named: it would be no comparison. */
  #compare(work, results) {
    const truth = results.heed?.sample
    for (const [name, result] of Object.entries(results)) {
      if (truth && result.sample && !sameResult(truth, result.sample)) {
        this.progress.note(`  ${name} computes something else than heed in ${work.id}`)
        results[name] = { skipped: 'another result' }
      }
      delete result.sample
    }
  }

  #stop(name) {
    this.#running.get(name)?.stop()
    this.#running.delete(name)
  }

  /** Ends the processes of all contenders. */
  close() {
    for (const name of this.#running.keys()) this.#stop(name)
  }
}
