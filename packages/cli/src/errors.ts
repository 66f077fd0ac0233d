/** One line for people: what was wrong and what to do; the stack only when asked for. */
export function describe(error: unknown, verbose: boolean): string {
  if (!(error instanceof Error)) return String(error)
  if (verbose && error.stack) return error.stack
  return error.message.replace(/\s*\n\s*/g, ' ')
}
