import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

export const usage = `npm run bench -- [options]

  --only <words>    only cases whose group, table or name holds one of these words (comma-separated)
  --peers <names>   only these peers (comma-separated); none: --peers ''
  --rounds <n>      rounds of every case; medians are over rounds (default 7)
  --quick           few cases, 3 short rounds
  --clock cpu       counts processor time, not time on the wall: one thread only, for a machine that is busy
  --json <file>     where results go (default bench/results/results.json); plots go beside it
  --docs            writes tables and plots into docs/performance.md
  --report <file>   measures nothing: tables and plots of earlier results
  --list            names the cases`

/** What the user wrote cannot be done: said without a stack. */
export class UsageError extends Error {}

const words = (list) => list?.split(',').map((word) => word.trim().toLowerCase())

/** The options of the command line; throws what to tell the user. */
export function options(args) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      peers: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      clock: { type: 'string', default: 'wall' },
      json: { type: 'string' },
      docs: { type: 'boolean', default: false },
      report: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick, clock } = values
  const rounds = Number(values.rounds ?? (quick ? 3 : 7))
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new UsageError(`--rounds: ${values.rounds} is no whole number from 1 up`)
  if (clock !== 'wall' && clock !== 'cpu')
    throw new UsageError(`--clock: there are wall and cpu, not ${clock}`)
  // npm runs scripts in the package's folder and says where the user stands.
  const path = (file) => resolve(process.env.INIT_CWD ?? '.', file)
  const json = values.json
    ? path(values.json)
    : fileURLToPath(new URL('results/results.json', import.meta.url))
  const report = values.report && path(values.report)
  return {
    ...values,
    json,
    report,
    rounds,
    only: words(values.only),
    peers: words(values.peers),
    least: quick ? 0.05 : 0.1,
  }
}
