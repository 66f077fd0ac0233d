/** How fast this machine's memory can be read by WebAssembly: a contender that reads a case's bytes, and that is all. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { wasmFunction } from './yardstick.mjs'

/** A function (start, end) that joins all vectors of a range, eight at a time. */
const reader = (memory) =>
  wasmFunction(
    false,
    ['i32', 'i32'],
    (f, at, end) => {
      const acc = f.v128s(8)
      f.while(
        () => at.ltU(end),
        () => {
          acc.forEach((x, i) => x.set(x.xor(at.v128(16 * i))))
          at.set(at.add(128))
        },
      )
      for (const x of acc.slice(1)) acc[0].set(acc[0].xor(x))
      f.store(end, acc[0])
    },
    memory,
  ).run

export async function start({ threads }) {
  return { version: 'WebAssembly', prepare: ({ bytes }) => prepare(bytes, threads) }
}

async function prepare(bytes, threads) {
  const each = Math.ceil(bytes / threads / 65536) * 65536
  // A page behind each part takes the result.
  const pages = (threads * (each + 65536)) / 65536
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true })
  new Int32Array(memory.buffer).fill(1)
  const workers = Array.from({ length: threads - 1 }, (_, i) => {
    const start = (i + 1) * (each + 65536)
    const worker = new Worker(new URL(import.meta.url), { workerData: { memory, start, end: start + each } })
    worker.unref()
    return worker
  })
  const read = reader(memory)
  return {
    run: async () => {
      const others = workers.map((worker) => new Promise((done) => worker.once('message', done)))
      for (const worker of workers) worker.postMessage('read')
      read(0, each)
      await Promise.all(others)
    },
    dispose: () => Promise.all(workers.map((worker) => worker.terminate())),
  }
}

if (!isMainThread && workerData?.memory) {
  const { memory, start, end } = workerData
  const read = reader(memory)
  parentPort.on('message', () => {
    read(start, end)
    parentPort.postMessage('read')
  })
}
