/** Node's way does not wait for a timer, of which the shortest takes a millisecond. */
const { setImmediate: immediately } = globalThis as { setImmediate?: (resolve: () => void) => void }
const soon = (resolve: () => void) => void (immediately ? immediately(resolve) : setTimeout(resolve, 0))

/**
 * Lets the event loop run once in a while: awaiting what has finished already never does, and then no signal, no
 * timer and no request would come through in a long loop. `milliseconds` is the least time between two breaths.
 */
export function breather(milliseconds = 30): () => Promise<void> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < milliseconds) return
    await new Promise<void>(soon)
    last = performance.now()
  }
}
