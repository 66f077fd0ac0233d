import { createInterface } from 'node:readline'
import { HeedError } from 'heed'
import { readLines } from '../input.js'

/** Lines that somebody types, or that come from a pipe. */
export interface Lines {
  /** A person is there, who can be asked again. */
  isLive: boolean
  /** The next line; undefined when there is none any more. */
  next: (prompt: string) => Promise<string | undefined>
  close: () => void
}

/**
 * At a terminal line by line; else all of standard input.
 *
 * @throws HeedError `input` where nobody is there and nothing was given
 */
export async function answerLines(signal: AbortSignal): Promise<Lines> {
  if (process.stdin.isTTY) return typedLines(signal)
  const lines = await readLines(undefined, signal)
  if (lines.length === 0)
    throw new HeedError(
      'input',
      'the quiz asks questions: run it at a terminal, or give answers on standard input, one a line; --list shows the questions',
    )
  return { isLive: false, next: async () => lines.shift(), close: () => undefined }
}

function typedLines(signal: AbortSignal): Lines {
  const input = createInterface({ input: process.stdin, output: process.stderr, terminal: true })
  // In raw mode Ctrl-C is a key, and comes here.
  input.on('SIGINT', () => process.emit('SIGINT'))
  signal.addEventListener('abort', () => input.close())
  const lines = input[Symbol.asyncIterator]()
  return {
    isLive: true,
    async next(prompt) {
      input.setPrompt(prompt)
      input.prompt()
      const { value, done } = await lines.next()
      signal.throwIfAborted()
      return done ? undefined : (value as string)
    },
    close: () => input.close(),
  }
}
