/**
 * Lets the event loop run once in a while: awaiting what has finished already never does, and then no signal, no
 * timer and no request would come through in a long loop. `milliseconds` is the least time between two breaths.
 */
export function breather(milliseconds = 30): () => Promise<void> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < milliseconds) return
    await new Promise((resolve) => setTimeout(resolve, 0))
    last = performance.now()
  }
}
