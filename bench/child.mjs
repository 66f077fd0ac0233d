/**
 * A contender's own process: `node child.mjs <module> <options as JSON>`. The module's `start(options)` gives
 * { version, prepare(case) }; `prepare` gives what to measure, or a reason to skip:
 *
 *   { run }           called again and again; may be async
 *   { seconds }       measures itself
 *   { facts }         numbers that need no clock
 *   { sample }        of the result, to compare with heed's
 *   { skip: reason }
 *   { dispose }       frees it
 *
 * Requests come as lines of JSON on stdin, an answer to each goes to file descriptor 3: whatever a library prints is
 * in nobody's way. peers/pytorch.py speaks the same.
 */
import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import v8 from 'node:v8'
import { clocks, secondsPerCall } from './clock.mjs'

process.on('SIGINT', () => {}) // Ctrl-C is the runner's to handle
const [module, json] = process.argv.slice(2)
const options = JSON.parse(json)
// Node 20 hides fused multiply-adds behind this flag; every contender gets them, and the yardstick does.
if (process.version.startsWith('v20.')) v8.setFlagsFromString('--experimental-wasm-relaxed-simd')

const clock = clocks[options.clock]
/**
 * How far one call raises the memory of the process above what it holds, in bytes. Linux lets a process forget the peak
 * it has had so far.
 */
async function growth(run) {
  writeFileSync('/proc/self/clear_refs', '5')
  const [, before] = memoryOf('VmRSS')
  await run()
  const [, peak] = memoryOf('VmHWM')
  return Math.max(0, peak - before) * 1024
}

const memoryOf = (what) =>
  readFileSync('/proc/self/status', 'utf8').match(new RegExp(`${what}:\\s+(\\d+) kB`))

let contender
let work

const answers = {
  async start() {
    contender = await (await import(module)).start(options)
    return { version: contender.version }
  },
  async prepare({ case: what, warm }) {
    work = await contender.prepare(what)
    const { skip, run } = work
    if (skip) return { skip }
    if (work.facts) return { facts: work.facts }
    if (what.group === 'memory') return { facts: { bytes: await growth(run) } }
    // Engines compile in tiers: the first call of a function is the slow one to its end.
    if (run) for (let i = 0; i < 2; i++) await secondsPerCall(run, warm / 2, clocks.wall)
    return { sample: await work.sample?.() }
  },
  async measure({ least }) {
    if (work.seconds) return { seconds: await work.seconds() }
    return { seconds: await secondsPerCall(work.run, least, clock) }
  },
  async dispose() {
    await work?.dispose?.()
    work = undefined
    return {}
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  let answer
  try {
    answer = await answers[request.ask](request)
  } catch (error) {
    answer = {
      error:
        error?.code === 'ERR_MODULE_NOT_FOUND'
          ? `not installed: ${error.message.split("'")[1]}`
          : String(error?.message ?? error),
    }
  }
  writeSync(3, JSON.stringify(answer) + '\n')
}
process.exit(0)
