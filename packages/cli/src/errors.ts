import { inspect } from 'node:util'
import { visibleLine } from 'heed/look'

/** One line for people: what was wrong and what to do; stack and cause only when asked for. */
export function describe(error: unknown, verbose: boolean): string {
  if (!(error instanceof Error)) return visibleLine(String(error))
  return verbose ? inspect(error) : visibleLine(error.message.replace(/\s*\n\s*/g, ' '))
}
