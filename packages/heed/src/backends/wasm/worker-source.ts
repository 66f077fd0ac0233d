/**
 * What a thread of the pool runs, as text: the same in Node (worker_threads, eval) and in browsers (a blob), with no
 * file for a bundler to find. `start` is called with { memory, code, control, scratch }; `code` is as pool.ts lays it out,
 * and a thread compiles what it meets there for the first time.
 *
 * A job is announced by raising control[generation]. A thread registers as active, and only then looks whether the
 * job is still open: the caller closes the job first and then waits for active to be 0, so no thread can take an item
 * of one job for an item of the next. A kernel that traps leaves a mark and not a caller who waits for ever.
 */
export const control = {
  generation: 0,
  open: 1,
  active: 2,
  next: 3,
  items: 4,
  kernel: 5,
  args: 6,
  ready: 7,
  failed: 8,
  words: 16,
} as const

/** Turns of the loop before a waiting thread goes to sleep: about 50 µs, the gap between two ops. */
export const spin = 20_000

export const workerSource = `
const start = ({ memory, code, control, scratch }) => {
  const kernels = []
  let end = 0
  const load = () => {
    const length = new Int32Array(code, end, 1)[0]
    const module = new WebAssembly.Module(new Uint8Array(code, end + 4, length).slice())
    end += 4 + Math.ceil(length / 4) * 4
    const { exports } = new WebAssembly.Instance(module, { env: { memory } })
    kernels.push(Object.values(exports)[0])
  }
  const c = new Int32Array(memory.buffer, control, ${control.words})
  let seen = Atomics.load(c, ${control.generation})
  Atomics.add(c, ${control.ready}, 1)
  for (;;) {
    let turns = 0
    while (Atomics.load(c, ${control.generation}) === seen && turns < ${spin}) turns++
    if (turns === ${spin}) Atomics.wait(c, ${control.generation}, seen)
    const generation = Atomics.load(c, ${control.generation})
    if (generation === seen) continue
    seen = generation
    Atomics.add(c, ${control.active}, 1)
    if (Atomics.load(c, ${control.open})) {
      const index = c[${control.kernel}], items = c[${control.items}], args = c[${control.args}]
      try {
        while (kernels.length <= index) load()
        const kernel = kernels[index]
        for (let i; (i = Atomics.add(c, ${control.next}, 1)) < items; ) kernel(args, i, scratch)
      } catch {
        Atomics.store(c, ${control.failed}, 1)
      }
    }
    if (Atomics.sub(c, ${control.active}, 1) === 1) Atomics.notify(c, ${control.active})
  }
}
`
