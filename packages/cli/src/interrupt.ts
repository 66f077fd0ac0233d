import { HeedError } from 'heed'

/**
 * Runs long work that can be stopped: the first Ctrl-C (or SIGTERM) asks it to stop, so that it can save what it has;
 * a second one ends the process at once.
 *
 * @param stopped what to tell people who stopped it
 * @throws HeedError `aborted` when the work stopped for that reason, with a message for people
 */
export async function interruptible<R>(
  work: (signal: AbortSignal) => Promise<R>,
  stopped = () => 'stopped; no result was written',
): Promise<R> {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(1)
    controller.abort()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    return await work(controller.signal)
  } catch (cause) {
    const aborted = cause instanceof HeedError ? cause.code === 'aborted' : isAbortError(cause)
    throw aborted ? new HeedError('aborted', stopped(), { cause }) : cause
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

/** What Node's streams throw when their signal is aborted. */
const isAbortError = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'
