import type { Kernels } from '../../backend.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import { f32, v128 } from '../emit/values.js'
import {
  advance,
  columnArgs,
  columnsOf,
  columnWork,
  forEach4,
  forEachRow,
  reduce4,
  rowArgs,
  rowsAndWidth,
  rowWork,
} from './support.js'

const forwardArgs = { ...i32s('x', 'gamma', 'out', 'rstd'), eps: 'f32', ...rowArgs } as const
const forward = kernel('rmsNorm', forwardArgs, (f, p, item) => {
  const [x, gamma, out] = [f.i32(), f.i32(), f.i32()]
  const rstd = f.v128()
  const width = f.f32(p.width.toF32())
  forEachRow(f, item, p, (row, offset) => {
    x.set(p.x.add(offset))
    const squares = reduce4(f, p.width, [x], v128(0), (acc, v) => f.madd(v, v, acc))
    rstd.set(f32(1).div(f.sum(squares).div(width).add(p.eps).sqrt()).splat())
    f.storeF32(p.rstd.add(row.shl(2)), rstd.lane(0))
    x.set(p.x.add(offset))
    out.set(p.out.add(offset))
    gamma.set(p.gamma)
    forEach4(f, p.width, [x, gamma], [out], (v, g) => [v.mul(rstd).mul(g)])
  })
})

/** With g = γ dy and x̂ the normalised x: dx = rstd · (g − x̂ · mean(g x̂)). */
const rowsArgs = { ...i32s('x', 'gamma', 'rstd', 'dy', 'dx'), ...rowArgs }
const backwardRows = kernel('rmsNormGradRows', rowsArgs, (f, p, item) => {
  const [x, gamma, dy, dx] = [f.i32(), f.i32(), f.i32(), f.i32()]
  const [rstd, meanGX] = f.v128s(2)
  const width = f.f32(p.width.toF32())
  forEachRow(f, item, p, (row, offset) => {
    const rewind = () => {
      x.set(p.x.add(offset))
      dy.set(p.dy.add(offset))
      gamma.set(p.gamma)
    }
    rstd.set(p.rstd.add(row.shl(2)).splatF32())
    rewind()
    const sumGX = reduce4(f, p.width, [x, gamma, dy], v128(0), (acc, v, a, b) =>
      f.madd(v.mul(rstd), a.mul(b), acc),
    )
    meanGX.set(f.sum(sumGX).div(width).splat())
    rewind()
    dx.set(p.dx.add(offset))
    forEach4(f, p.width, [x, gamma, dy], [dx], (v, a, b) => [a.mul(b).sub(v.mul(rstd).mul(meanGX)).mul(rstd)])
  })
})

/** dγ = Σ dy x̂ over the rows, a block of columns at a time. */
const columnsArgs = { ...i32s('x', 'rstd', 'dy', 'dGamma'), ...columnArgs }
const backwardColumns = kernel('rmsNormGradColumns', columnsArgs, (f, p, item) => {
  const { start, count, gap } = columnsOf(f, item, p)
  advance([p.x, p.dy, p.dGamma], start.shl(2))
  const [row, gamma] = [f.i32(), f.i32(p.dGamma)]
  const [rstd, zero] = f.v128s(2)
  forEach4(f, count, [], [gamma], () => [zero])
  f.for(row, 0, p.rows, 1, () => {
    rstd.set(p.rstd.splatF32())
    gamma.set(p.dGamma)
    forEach4(f, count, [p.x, p.dy, gamma], [gamma], (x, dy, g) => [f.madd(x.mul(rstd), dy, g)])
    advance([p.x, p.dy], gap)
    advance([p.rstd], 4)
  })
})

export const rmsNormKernels = [forward, backwardRows, backwardColumns]

export const rmsNorm = (run: RunKernel): Pick<Kernels, 'rmsNorm' | 'rmsNormGrad'> => ({
  rmsNorm(x, gamma, eps, out, rstd) {
    const { items, args } = rowWork(...rowsAndWidth(x))
    run(forward, items, { x, gamma, out, rstd, eps, ...args })
  },
  rmsNormGrad({ x, gamma, rstd, dy, dx, dGamma }) {
    const [byRows, byColumns] = [rowWork(...rowsAndWidth(x)), columnWork(...rowsAndWidth(x))]
    run(backwardRows, byRows.items, { x, gamma, rstd, dy, dx, ...byRows.args })
    run(backwardColumns, byColumns.items, { x, rstd, dy, dGamma, ...byColumns.args })
  },
})
