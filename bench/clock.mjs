/**
 * Seconds that pass: on the wall, which is what users wait for, or on this process's processors, which on a machine
 * that others use too says more about one thread.
 */
export const clocks = {
  wall: () => performance.now() / 1000,
  cpu: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  },
}

/** Seconds per call, from as many calls as fill `least` seconds, one at least. */
export async function secondsPerCall(run, least, clock) {
  const start = clock()
  for (let calls = 1; ; calls++) {
    await run()
    const passed = clock() - start
    if (passed >= least) return passed / calls
  }
}
