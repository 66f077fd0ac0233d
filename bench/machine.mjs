import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

/** What measured: whoever reads the numbers must know. */
export function machine() {
  const { version } = JSON.parse(
    readFileSync(new URL('../packages/heed/package.json', import.meta.url), 'utf8'),
  )
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    node: process.version,
    v8: process.versions.v8,
    heed: version,
    commit: commit(),
  }
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return undefined
  }
}

/** Processes that want a processor, on average over the last minute. Beyond 1 before a run, others work here too. */
export const load = () => loadavg()[0]
