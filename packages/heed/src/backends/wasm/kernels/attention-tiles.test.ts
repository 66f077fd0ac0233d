import { expect, test } from 'vitest'
import type { Kernel } from '../emit/kernel.js'
import { WasmMemory } from '../memory.js'
import { Pool } from '../pool.js'
import { attentionArgs } from './attention-args.js'
import { attentionKernels } from './attention.js'
import { attentionGradKernels } from './attention-grad.js'

const pages = 2048
const [Tq, Tk, H, group, D, Dv] = [250, 530, 2, 2, 20, 12]
const random = (n: number, seed: number) =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(12.9898 * i + seed) * 1.5)

/** Output, m, ℓ and gradients of a causal attention with a window by kernels whose tiles have so many rows. */
function run(rows: number) {
  const memory = new WasmMemory(false, pages)
  const pool = new Pool(memory, { relaxed: false, rows, guards: false }, 1)
  const place = (data: Float32Array | Int32Array) => {
    const address = memory.allocate(data.byteLength)
    new Uint8Array(memory.memory.buffer, address).set(new Uint8Array(data.buffer))
    return address
  }
  const room = (n: number) => place(new Float32Array(n).fill(NaN))
  const Hkv = H / group
  const [q, k, v, dOut] = [Tq * H * D, Tk * Hkv * D, Tk * Hkv * Dv, Tq * H * Dv].map((n, i) =>
    place(random(n, i)),
  )
  const sizes = {
    out: Tq * H * Dv,
    m: H * Tq,
    l: H * Tq,
    dq: Tq * H * D,
    dk: Tk * Hkv * D,
    dv: Tk * Hkv * Dv,
  }
  const results = Object.fromEntries(Object.entries(sizes).map(([name, n]) => [name, room(n)])) as Record<
    keyof typeof sizes,
    number
  >
  const rules = { first: place(Int32Array.of(60)), last: place(Int32Array.of(Tk - Tq)) }
  const none = Object.fromEntries(Object.keys(attentionArgs).map((name) => [name, 0])) as Record<
    keyof typeof attentionArgs,
    number
  >
  const strides = { qB: 0, qT: 4 * H * D, kB: 0, kT: 4 * Hkv * D, vB: 0, vT: 4 * Hkv * Dv }
  const args = { ...none, q, k, v, ...strides, ...results, H, group, Tq, Tk, D, Dv, scale: 0.3, ...rules }
  pool.run(attentionKernels[0] as Kernel, 2 * H, { ...args, blocks: 2, itemRows: 132 })
  pool.run(attentionGradKernels[0] as Kernel, Hkv, { ...args, dOut })
  return Object.fromEntries(
    Object.entries(sizes).map(([name, n]) => [
      name,
      new Float32Array(memory.memory.buffer, results[name as keyof typeof sizes], n).slice(),
    ]),
  )
}

const four = run(4)

test.each([5, 6])('tiles of %i rows compute what tiles of 4 rows do', (rows) => {
  const found = run(rows)
  expect(Object.values(found).every((values) => values.every(Number.isFinite))).toBe(true)
  // Blocks have the same keys, and each sum the same order, whatever the tile.
  for (const name of ['out', 'm', 'l', 'dq']) expect(found[name], name).toEqual(four[name])
  for (const name of ['dk', 'dv'])
    expect(Math.max(...found[name].map((x, i) => Math.abs(x - four[name][i]))), name).toBeLessThan(1e-5)
})
