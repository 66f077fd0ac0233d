import { addAbortSignal } from 'node:stream'
import { HeedError } from 'heed'
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

/** The texts of lines: the lines themselves, or of a file named *.jsonl the "text" of the object on each. */
export function textsOf(lines: string[], file: string | undefined): string[] {
  if (!file?.endsWith('.jsonl')) return lines
  return lines.map((line, i) => textOf(line, `${file}, line ${i + 1}`))
}

/** @throws HeedError `format` for a line that is no object with a text */
export function textOf(line: string, where: string): string {
  let text: unknown
  try {
    text = (JSON.parse(line) as { text?: unknown } | null)?.text
  } catch {
    throw new HeedError('format', `${where}: is no JSON; each line is an object with "text"`)
  }
  if (typeof text !== 'string') throw new HeedError('format', `${where}: has no "text" that is a string`)
  return text
}
