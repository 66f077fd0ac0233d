import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { HeedError } from 'heed'
import { stageFile } from 'heed/io'

/**
 * Says before long work, not after it, when a file cannot be written.
 *
 * @param read the file that the work reads, which its result may not replace
 * @throws HeedError as writing it would; `option` for the file that is read
 */
export async function checkWritable(path: string, read?: string): Promise<void> {
  if (read !== undefined && resolve(path) === resolve(read))
    throw new HeedError('option', `${path}: is the file that is read; name another for the result`)
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory()) throw new HeedError('input', `${path}: is a folder; name a file`)
  await (await stageFile(path, '')).discard()
}

/**
 * Refuses two results in one file, where the later would replace the earlier.
 *
 * @throws HeedError `option`
 */
export function checkApart(paths: readonly (string | undefined)[]): void {
  const seen = new Set<string>()
  for (const path of paths) {
    if (path === undefined) continue
    if (seen.has(resolve(path)))
      throw new HeedError(
        'option',
        `${path}: two results cannot go to one file; name another for one of them`,
      )
    seen.add(resolve(path))
  }
}
