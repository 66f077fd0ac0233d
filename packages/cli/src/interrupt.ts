import { HeedError } from 'heed'

const signals = ['SIGINT', 'SIGTERM'] as const

/**
 * Runs long work that can be stopped: the first Ctrl-C (or SIGTERM) asks it to stop, so that it can save what it has;
 * a second one ends the process at once. Neither is heard before a pass of the model that is under way has ended: where
 * that may be long, it goes through `killable`.
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
  for (const signal of signals) process.on(signal, stop)
  try {
    return await work(controller.signal)
  } catch (cause) {
    const aborted = cause instanceof HeedError ? cause.code === 'aborted' : isAbortError(cause)
    throw aborted ? new HeedError('aborted', stopped(), { cause }) : cause
  } finally {
    for (const signal of signals) process.off(signal, stop)
  }
}

/**
 * Runs work that has nothing to save and may let no signal be heard for long, as one pass over a long text does. Nobody
 * listens meanwhile, so that Ctrl-C or SIGTERM ends the process at once.
 */
export async function killable<R>(work: () => Promise<R>): Promise<R> {
  const heard = signals.map((signal) => [signal, process.listeners(signal)] as const)
  for (const signal of signals) process.removeAllListeners(signal)
  try {
    return await work()
  } finally {
    for (const [signal, listeners] of heard) for (const listener of listeners) process.on(signal, listener)
  }
}

/** What Node's streams throw when their signal is aborted. */
const isAbortError = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'
