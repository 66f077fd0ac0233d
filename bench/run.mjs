/** The bench: parse → plan → measure → report. See README.md. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import v8 from 'node:v8'
import * as attention from './attention.mjs'
import { canary } from './canary.mjs'
import { clocks } from './clock.mjs'
import { contenders } from './contender.mjs'
import * as decoding from './decoding.mjs'
import * as gemm from './gemm.mjs'
import * as ladder from './ladder.mjs'
import { load, machine } from './machine.mjs'
import * as memory from './memory.mjs'
import { options, usage, UsageError } from './options.mjs'
import { Progress } from './progress.mjs'
import { report } from './report.mjs'
import { Runner } from './runner.mjs'
import * as startup from './startup.mjs'
import * as training from './training.mjs'
import { yardstick } from './yardstick.mjs'

// Node 20 hides fused multiply-adds behind this flag, which must be set before the first module is compiled.
if (process.version.startsWith('v20.')) v8.setFlagsFromString('--experimental-wasm-relaxed-simd')

/** The cases that the options ask for, each with the contenders that take part. */
function plan({ quick, only, peers }) {
  const takesPart = (name) =>
    !contenders[name].peer || !peers || peers.some((peer) => peer && name.startsWith(peer))
  const asked = ({ group, table, id }) =>
    !only || only.some((word) => [group, table, id].some((text) => text.toLowerCase().includes(word)))
  return [gemm, attention, training, decoding, startup, memory, ladder]
    .flatMap(({ cases }) => cases({ quick }))
    .filter(asked)
    .map((work) => ({ ...work, contenders: work.contenders.filter(takesPart) }))
}

async function main(given) {
  const cases = plan(given)
  if (given.list)
    return console.log(cases.map(({ id, contenders }) => `${id}: ${contenders.join(', ')}`).join('\n'))
  if (given.report) return report(JSON.parse(readFileSync(given.report, 'utf8')), given)
  if (cases.length === 0)
    throw new UsageError(`--only: no case's name holds ${given.only.join(' or ')}; see --list`)

  const { rounds, clock, quick } = given
  const log = {
    machine: machine(),
    date: new Date().toISOString(),
    rounds,
    clock,
    quick,
    load: [load()],
    contenders: {},
    measurements: 0,
    repeated: 0,
    disturbed: 0,
  }
  const [relaxed, plain] = [true, false].map((fused) => yardstick(fused, clocks[clock]))
  log.yardstick = { relaxed: [], plain: [] }
  log.cases = []
  const save = () => {
    log.load[1] = load()
    mkdirSync(dirname(given.json), { recursive: true })
    writeFileSync(given.json, JSON.stringify(log, null, 1) + '\n')
  }

  const progress = new Progress(cases.length)
  const runner = new Runner(given, { progress, log, quiet: await canary() })
  process.on('SIGINT', () => {
    if (runner.stopped) process.exit(130)
    runner.stopped = true
    progress.note('Stopping after this measurement; what is measured is kept. Ctrl-C again: at once.')
  })
  try {
    for (const work of cases) {
      if (runner.stopped) break
      progress.say(work.id)
      log.yardstick.relaxed.push(relaxed())
      log.yardstick.plain.push(plain())
      log.cases.push({ ...work, results: await runner.measure(work) })
      progress.next()
      save() // after every case: a crash loses nothing
    }
  } finally {
    runner.close()
    progress.end()
  }
  await report(log, given)
}

try {
  const given = options(process.argv.slice(2))
  if (given.help) console.log(usage)
  else await main(given)
} catch (error) {
  const wrong = error.code?.startsWith('ERR_PARSE_ARGS') || error instanceof UsageError
  console.error(wrong ? `${error.message}\n\n${usage}` : error.stack)
  process.exitCode = 1
}
