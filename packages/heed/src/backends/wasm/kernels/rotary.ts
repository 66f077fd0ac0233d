import type { Kernels } from '../../backend.js'
import type { Fn, Local } from '../emit/function.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import { type I32, type V128, v128is } from '../emit/values.js'
import { advance, forEach4, forEachRow, rowArgs, rowWork } from './support.js'

/** A row is one time step of one batch: all its heads. Strides in bytes; `half` is R/2; `turn` is 1, or −1 to turn back. */
const args = {
  ...i32s('x', 'xBatch', 'xTime', 'cos', 'sin', 'anglesBatch', 'out', 'time', 'heads', 'depth', 'half'),
  turn: 'f32',
  ...rowArgs,
} as const

interface Head {
  /** At the head's first component; `turnHead` leaves them behind the last one that is turned. */
  x: Local<I32>
  out: Local<I32>
  /** At the angles of this time step. */
  cos: Local<I32>
  sin: Local<I32>
}

/** A rotary kernel: `make` gives what turns the first 2 · half components of one head. */
const rotaryKernel = (name: string, make: (f: Fn, half: I32, turn: V128) => (at: Head) => void) =>
  kernel(name, args, (f, p, item) => {
    const turnHead = make(f, p.half, f.v128(p.turn.splat()))
    const at: Head = { x: f.i32(), out: f.i32(), cos: f.i32(), sin: f.i32() }
    const [b, t, head] = [f.i32(), f.i32(), f.i32()]
    const rest = f.i32(p.depth.sub(p.half.shl(1)))
    forEachRow(f, item, p, (row, offset) => {
      b.set(row.divU(p.time))
      t.set(row.sub(b.mul(p.time)))
      at.x.set(p.x.add(b.mul(p.xBatch)).add(t.mul(p.xTime)))
      at.out.set(p.out.add(offset))
      f.for(head, 0, p.heads, 1, () => {
        at.cos.set(p.cos.add(b.mul(p.anglesBatch)).add(t.mul(p.half).shl(2)))
        at.sin.set(at.cos.sub(p.cos).add(p.sin))
        turnHead(at)
        forEach4(f, rest, [at.x], [at.out], (v) => [v])
      })
    })
  })

/** Pairs (i, i + R/2): whole vectors of first and of second components. */
const halves = rotaryKernel('rotaryHalves', (f, half, turn) => {
  const [x, out] = [f.i32(), f.i32()]
  const sine = f.v128()
  return (at) => {
    x.set(at.x)
    out.set(at.out)
    advance([at.x, at.out], half.shl(2))
    forEach4(f, half, [x, at.x, at.cos, at.sin], [out, at.out], (a, b, c, s) => {
      sine.set(s.mul(turn))
      return [f.madd(a, c, b.mul(sine).neg()), f.madd(b, c, a.mul(sine))]
    })
  }
})

/** Pairs (2i, 2i + 1): a vector holds two, and takes two angles. */
const pairs = rotaryKernel('rotaryPairs', (f, half, turn) => {
  const signs = f.v128(turn.xor(v128is(-(2 ** 31), 0, -(2 ** 31), 0)))
  const width = f.i32(half.shl(1))
  const [c, s] = f.v128s(2)
  return (at) => {
    forEach4(f, width, [at.x], [at.out], (v) => {
      c.set(at.cos.v128())
      s.set(at.sin.v128())
      advance([at.cos, at.sin], 8)
      const twice = (angles: V128) => angles.shuffle(angles, [0, 0, 1, 1])
      return [f.madd(v, twice(c), v.shuffle(v, [1, 0, 3, 2]).mul(twice(s).mul(signs)))]
    })
  }
})

export const rotaryKernels = [halves, pairs]

export const rotary = (run: RunKernel): Pick<Kernels, 'rotary'> => ({
  rotary({ x, cos, sin, interleaved, inverse, out }) {
    const [B, T, H, D] = x.shape
    const half = cos.shape.at(-1)!
    const { items, args } = rowWork(B * T, H * D)
    const [xBatch, xTime] = x.strides.map((stride) => 4 * stride)
    const anglesBatch = cos.rank === 3 ? 4 * T * half : 0
    const sizes = { time: T, heads: H, depth: D, half, turn: inverse ? -1 : 1 }
    const strides = { xBatch, xTime, anglesBatch }
    run(interleaved ? pairs : halves, items, {
      x,
      cos,
      sin,
      out,
      ...strides,
      ...sizes,
      ...args,
    })
  },
})
