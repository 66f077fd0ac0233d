import { clocks } from './clock.mjs'
import { simdVariant } from '../packages/heed/dist/backends/wasm/features.js'
import { ModuleBuilder } from '../packages/heed/dist/backends/wasm/emit/module.js'
import { i32, v128 } from '../packages/heed/dist/backends/wasm/emit/values.js'

/** Sums that do not wait for each other, and turns of the loop written out: no memory, no dependency that stalls. */
const accumulators = 12
const unroll = 8
const flopPerTurn = accumulators * unroll * 4 * 2

/** A module with one exported function over its own small memory. */
export function wasmFunction(
  relaxed,
  params,
  body,
  memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 }),
) {
  const builder = new ModuleBuilder(simdVariant(relaxed))
  builder.func(params, body, 'run')
  const shared = typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer
  const bytes = builder.bytes(shared, 65536)
  const module = new WebAssembly.Module(bytes)
  return { module, run: new WebAssembly.Instance(module, { env: { memory } }).exports.run }
}

/**
 * The most multiply-adds one thread can do with 128-bit SIMD: `relaxed` in one instruction, else in two. Nothing but
 * registers takes part, so it is what a kernel could reach if memory, packing and loops were free.
 */
export function yardstick(relaxed = true, clock = clocks.wall) {
  const { run } = wasmFunction(relaxed, ['i32'], (f, turns) => {
    const acc = f.v128s(accumulators)
    const [a, b] = [f.v128(v128(1.0000001)), f.v128(v128(1e-9))]
    f.doWhile(
      () => {
        for (let u = 0; u < unroll; u++) for (const x of acc) x.set(f.madd(a, b, x))
        turns.set(turns.sub(1))
      },
      () => turns,
    )
    for (const x of acc.slice(1)) acc[0].set(acc[0].add(x))
    f.store(i32(0), acc[0]) // so that nothing of it can be left out
  })
  const seconds = (turns) => {
    const start = clock()
    run(turns)
    return clock() - start
  }
  for (let i = 0; i < 5; i++) seconds(20_000)
  const turns = Math.max(1000, Math.round((0.02 / seconds(20_000)) * 20_000))
  /** FLOP/s now, measured over about 20 ms. */
  return () => (turns * flopPerTurn) / seconds(turns)
}
