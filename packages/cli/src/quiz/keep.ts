import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { HeedError } from 'heed'
import { begin, type Progress, readProgress, retake } from 'heed-learn'
import { exists, makeFolder, readText, writeFileAtomic } from 'heed/io'

/** Where progress is kept: the state folder of the XDG base directories, on Windows that of local data. */
export function progressFile(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const usual = process.platform === 'win32' ? env.LOCALAPPDATA : env.XDG_STATE_HOME
  const state = usual && isAbsolute(usual) ? usual : join(homedir(), '.local', 'state')
  return join(state, 'heed', 'quiz.json')
}

/**
 * What was kept, or the first round.
 *
 * @throws HeedError `format` for a file that is no progress
 */
export async function loadProgress(file: string): Promise<Progress> {
  if (!(await exists(file))) return begin()
  const progress = await kept(file)
  if (progress) return progress
  throw new HeedError('format', `${file}: is no progress of the quiz; heed quiz --restart begins anew`)
}

/** The next round: shuffled, where there was one before. */
export async function restarted(file: string): Promise<Progress> {
  if (!(await exists(file))) return begin()
  const before = await kept(file)
  return before ? retake(before) : begin({ seed: 1 })
}

async function kept(file: string): Promise<Progress | undefined> {
  try {
    return readProgress(JSON.parse(await readText(file)))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Keeps progress after every answer; where that cannot be, says so once and lets the quiz go on. */
export function keeper(file: string): (progress: Progress) => Promise<void> {
  let works = true
  return async (progress) => {
    if (!works) return
    try {
      await makeFolder(dirname(file))
      await writeFileAtomic(file, `${JSON.stringify(progress)}\n`)
    } catch (error) {
      works = false
      process.stderr.write(`heed: progress is not kept: ${(error as Error).message}\n`)
    }
  }
}
