import { addAbortSignal } from 'node:stream'
import { decodeUtf8 } from 'heed/io'

/** All of standard input; on a terminal says first what is wanted. */
export async function standardInput(signal: AbortSignal, wanted: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(`reading ${wanted}; Ctrl-D ends it\n`)
  const chunks: Buffer[] = []
  for await (const chunk of addAbortSignal(signal, process.stdin)) chunks.push(chunk as Buffer)
  return decodeUtf8(Buffer.concat(chunks), 'standard input')
}
