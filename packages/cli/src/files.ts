import { stat } from 'node:fs/promises'
import { HeedError } from 'heed'
import { stageFile } from 'heed/io'

/**
 * Says before long work, not after it, when a file cannot be written.
 *
 * @throws HeedError as writing it would
 */
export async function checkWritable(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory()) throw new HeedError('input', `${path}: is a folder; name a file`)
  await (await stageFile(path, '')).discard()
}
