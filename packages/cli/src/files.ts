import { stat } from 'node:fs/promises'
import { addAbortSignal } from 'node:stream'
import { HeedError } from 'heed'
import { decodeUtf8, readText, stageFile } from 'heed/io'

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

/** The text of a file, or of standard input when none is named. */
export const readInput = (file: string | undefined, signal: AbortSignal): Promise<string> =>
  file === undefined ? standardInput(signal) : readText(file)

/** The lines of a text; a line end at its end begins no further one. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

async function standardInput(signal: AbortSignal): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('reading lines; Ctrl-D ends them\n')
  const chunks: Buffer[] = []
  for await (const chunk of addAbortSignal(signal, process.stdin)) chunks.push(chunk as Buffer)
  return decodeUtf8(Buffer.concat(chunks), 'standard input')
}
