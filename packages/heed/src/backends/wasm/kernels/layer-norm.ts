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

const forwardArgs = { ...i32s('x', 'gamma', 'beta', 'out', 'mean', 'rstd'), eps: 'f32', ...rowArgs } as const
const forward = kernel('layerNorm', forwardArgs, (f, p, item) => {
  const [x, gamma, beta, out] = [f.i32(), f.i32(), f.i32(), f.i32()]
  const [mean, rstd, centred] = f.v128s(3)
  const width = f.f32(p.width.toF32())
  forEachRow(f, item, p, (row, offset) => {
    x.set(p.x.add(offset))
    const sum = reduce4(f, p.width, [x], v128(0), (acc, v) => acc.add(v))
    mean.set(f.sum(sum).div(width).splat())
    x.set(p.x.add(offset))
    const squares = reduce4(f, p.width, [x], v128(0), (acc, v) => {
      centred.set(v.sub(mean))
      return f.madd(centred, centred, acc)
    })
    rstd.set(f32(1).div(f.sum(squares).div(width).add(p.eps).sqrt()).splat())
    f.storeF32(p.mean.add(row.shl(2)), mean.lane(0))
    f.storeF32(p.rstd.add(row.shl(2)), rstd.lane(0))
    x.set(p.x.add(offset))
    out.set(p.out.add(offset))
    gamma.set(p.gamma)
    beta.set(p.beta)
    forEach4(f, p.width, [x, gamma, beta], [out], (v, g, b) => [f.madd(v.sub(mean).mul(rstd), g, b)])
  })
})

/** With g = γ dy and x̂ the normalised x: dx = rstd · (g − mean(g) − x̂ · mean(g x̂)). */
const rowsArgs = { ...i32s('x', 'gamma', 'mean', 'rstd', 'dy', 'dx'), ...rowArgs }
const backwardRows = kernel('layerNormGradRows', rowsArgs, (f, p, item) => {
  const [x, gamma, dy, dx] = [f.i32(), f.i32(), f.i32(), f.i32()]
  const [mean, rstd, meanG, meanGX, xHat, g] = f.v128s(6)
  const width = f.f32(p.width.toF32())
  forEachRow(f, item, p, (row, offset) => {
    const rewind = () => {
      x.set(p.x.add(offset))
      dy.set(p.dy.add(offset))
      gamma.set(p.gamma)
    }
    mean.set(p.mean.add(row.shl(2)).splatF32())
    rstd.set(p.rstd.add(row.shl(2)).splatF32())
    rewind()
    const sumG = reduce4(f, p.width, [gamma, dy], v128(0), (acc, a, b) => f.madd(a, b, acc))
    meanG.set(f.sum(sumG).div(width).splat())
    rewind()
    const sumGX = reduce4(f, p.width, [x, gamma, dy], v128(0), (acc, v, a, b) =>
      f.madd(v.sub(mean).mul(rstd), a.mul(b), acc),
    )
    meanGX.set(f.sum(sumGX).div(width).splat())
    rewind()
    dx.set(p.dx.add(offset))
    forEach4(f, p.width, [x, gamma, dy], [dx], (v, a, b) => {
      xHat.set(v.sub(mean).mul(rstd))
      g.set(a.mul(b).sub(meanG))
      return [g.sub(xHat.mul(meanGX)).mul(rstd)]
    })
  })
})

/** dγ = Σ dy x̂ and dβ = Σ dy over the rows, a block of columns at a time. */
const columnsArgs = { ...i32s('x', 'mean', 'rstd', 'dy', 'dGamma', 'dBeta'), ...columnArgs }
const backwardColumns = kernel('layerNormGradColumns', columnsArgs, (f, p, item) => {
  const { start, count, gap } = columnsOf(f, item, p)
  advance([p.x, p.dy, p.dGamma, p.dBeta], start.shl(2))
  const [row, gamma, beta] = [f.i32(), f.i32(p.dGamma), f.i32(p.dBeta)]
  const [mean, rstd, zero] = f.v128s(3)
  forEach4(f, count, [], [gamma, beta], () => [zero, zero])
  f.for(row, 0, p.rows, 1, () => {
    mean.set(p.mean.splatF32())
    rstd.set(p.rstd.splatF32())
    gamma.set(p.dGamma)
    beta.set(p.dBeta)
    forEach4(f, count, [p.x, p.dy, gamma, beta], [gamma, beta], (x, dy, g, b) => [
      f.madd(x.sub(mean).mul(rstd), dy, g),
      b.add(dy),
    ])
    advance([p.x, p.dy], gap)
    advance([p.mean, p.rstd], 4)
  })
})

export const layerNormKernels = [forward, backwardRows, backwardColumns]

export const layerNorm = (run: RunKernel): Pick<Kernels, 'layerNorm' | 'layerNormGrad'> => ({
  layerNorm(x, gamma, beta, eps, out, mean, rstd) {
    const { items, args } = rowWork(...rowsAndWidth(x))
    run(forward, items, { x, gamma, beta, out, mean, rstd, eps, ...args })
  },
  layerNormGrad({ x, gamma, mean, rstd, dy, dx, dGamma, dBeta }) {
    const [byRows, byColumns] = [rowWork(...rowsAndWidth(x)), columnWork(...rowsAndWidth(x))]
    run(backwardRows, byRows.items, { x, gamma, mean, rstd, dy, dx, ...byRows.args })
    run(backwardColumns, byColumns.items, {
      x,
      mean,
      rstd,
      dy,
      dGamma,
      dBeta,
      ...byColumns.args,
    })
  },
})
