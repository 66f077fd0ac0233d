import { realpath } from 'node:fs/promises'
import { basename, resolve, sep } from 'node:path'
import { HeedError } from 'heed'
import { exists } from 'heed/io'
import { findRuns, readRun, type RunSummary } from 'heed/train'
import { fileWithin } from './files.js'

/**
 * One line of runs.json: a run of `heed train` that the server gives to look at. The state of one whose files are damaged is
 * `unknown`, with a message of what is wrong.
 */
export interface RunEntry extends Pick<RunSummary, 'state' | 'message' | 'task' | 'step' | 'steps'> {
  name: string
  /** Its folder, relative to the page. */
  address: string
}

/** What of a run folder is given out: what it logs, and no weights. */
const files = ['run.json', 'status.json', 'metrics.jsonl', 'samples.jsonl', 'attention.jsonl']

/** The runs in a folder by name, those that links lead to elsewhere left out; none where there is no such folder. */
async function runFolders(root: string): Promise<Map<string, string>> {
  if (!(await exists(root))) return new Map()
  const inside = await realpath(root)
  const found = new Map<string, string>()
  for (const folder of await findRuns(root)) {
    const real = await realpath(folder)
    if (real === inside || real.startsWith(inside + sep)) found.set(basename(resolve(folder)), folder)
  }
  return found
}

/** The folder is read anew each time, so that a run that starts is there. */
export async function servedRuns(root: string): Promise<RunEntry[]> {
  const entries = [...(await runFolders(root))].map(async ([name, folder]): Promise<RunEntry> => {
    const address = `runs/${encodeURIComponent(name)}/`
    try {
      const { state, message, task, step, steps } = await readRun(folder)
      return { name, state, message, task, step, steps, address }
    } catch (error) {
      if (!(error instanceof HeedError)) throw error
      return { name, state: 'unknown', message: error.message, step: 0, address }
    }
  })
  return Promise.all(entries)
}

/** The real path of a file of a run; undefined for all that is not given out. */
export async function runFile(root: string, name: string, file: string): Promise<string | undefined> {
  if (!files.includes(file)) return undefined
  const folder = (await runFolders(root)).get(name)
  return folder === undefined ? undefined : fileWithin(folder, file)
}
