import { addAbortSignal } from 'node:stream'
import { decodeUtf8, readText } from 'heed/io'

/** All of standard input; on a terminal says first what is wanted. */
export async function standardInput(signal: AbortSignal, wanted: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(`reading ${wanted}; Ctrl-D ends it\n`)
  const chunks: Buffer[] = []
  for await (const chunk of addAbortSignal(signal, process.stdin)) chunks.push(chunk as Buffer)
  return decodeUtf8(Buffer.concat(chunks), 'standard input')
}

/** The lines of a file, or of standard input when none is named. */
export const readLines = async (file: string | undefined, signal: AbortSignal): Promise<string[]> =>
  linesOf(file === undefined ? await standardInput(signal, 'lines') : await readText(file))

/** The lines of a text; a line end at its end begins no further one. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}
