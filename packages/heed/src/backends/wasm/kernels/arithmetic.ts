import type { Kernels } from '../../backend.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import { i32 } from '../emit/values.js'
import type { WasmHost } from '../storage.js'
import { advance, chunkOf, chunks, columnArgs, columnsOf, columnWork, forEach4 } from './support.js'

/** `bits` into each of n words. */
const fill = kernel('fill', i32s('out', 'n', 'bits'), (f, { out, n, bits }, item) => {
  const { start, count } = chunkOf(f, item, n)
  advance([out], start.shl(2))
  const word = f.v128(bits.splat())
  forEach4(f, count, [], [out], () => [word])
})

const scale = kernel(
  'scale',
  { ...i32s('x', 'out', 'n'), factor: 'f32' },
  (f, { x, out, n, factor }, item) => {
    const { start, count } = chunkOf(f, item, n)
    advance([x, out], start.shl(2))
    const k = f.v128(factor.splat())
    forEach4(f, count, [x], [out], (v) => [v.mul(k)])
  },
)

/** out = x + y in runs that end where y begins anew, every `period` elements. */
const addArgs = i32s('x', 'y', 'out', 'n', 'period')
const add = kernel('add', addArgs, (f, { x, y, out, n, period }, item) => {
  const { start, count } = chunkOf(f, item, n)
  advance([x, out], start.shl(2))
  const yAt = f.i32(start.remU(period))
  const at = f.i32()
  const run = f.i32()
  f.while(
    () => count.gt(0),
    () => {
      run.set(period.sub(yAt).min(count))
      at.set(y.add(yAt.shl(2)))
      forEach4(f, run, [x, at], [out], (a, b) => [a.add(b)])
      count.set(count.sub(run))
      yAt.set(i32(0))
    },
  )
})

/** A block of columns, row after row. */
const sumLeading = kernel('sumLeading', { ...i32s('x', 'out'), ...columnArgs }, (f, p, item) => {
  const { start, count, gap } = columnsOf(f, item, p)
  advance([p.x, p.out], start.shl(2))
  const [row, sum] = [f.i32(), f.i32(p.out)]
  const zero = f.zero()
  forEach4(f, count, [], [sum], () => [zero])
  f.for(row, 0, p.rows, 1, () => {
    sum.set(p.out)
    forEach4(f, count, [p.x, sum], [sum], (x, s) => [s.add(x)])
    advance([p.x], gap)
  })
})

export const arithmeticKernels = [fill, scale, add, sumLeading]

type Arithmetic = Pick<Kernels, 'fill' | 'add' | 'sumLeading' | 'scale'>

export const arithmetic = (run: RunKernel, host: WasmHost): Arithmetic => ({
  fill(out, value) {
    if (out.dtype === 'bool')
      return void host.view(out.storage).fill(value, out.offset, out.offset + out.size)
    const bits = out.dtype === 'int32' ? value : new Int32Array(Float32Array.of(value).buffer)[0]
    run(fill, chunks(out.size), { out, n: out.size, bits })
  },
  add(x, y, out) {
    run(add, chunks(x.size), { x, y, out, n: x.size, period: y.size })
  },
  sumLeading(x, out) {
    const { items, args } = columnWork(x.size / out.size, out.size)
    run(sumLeading, items, { x, out, ...args })
  },
  scale(x, factor, out) {
    run(scale, chunks(x.size), { x, out, n: x.size, factor })
  },
})
