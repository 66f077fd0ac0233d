import type { Kernels } from '../backend.js'
import { dot } from './reductions.js'
import { elements, rowsOf } from './storage.js'

export const rmsNorm: Kernels['rmsNorm'] = (x, gamma, eps, out, rstd) => {
  const [G, O, Rstd] = [elements(gamma), rowsOf(out), elements(rstd)]
  rowsOf(x).forEach((x, r) => {
    const scale = 1 / Math.sqrt(dot(x, x) / x.length + eps)
    for (let c = 0; c < x.length; c++) O[r][c] = G[c] * x[c] * scale
    Rstd[r] = scale
  })
}

export const rmsNormGrad: Kernels['rmsNormGrad'] = ({ x, gamma, rstd, dy, dx, dGamma }) => {
  const [G, Rstd, dY, dX] = [elements(gamma), elements(rstd), rowsOf(dy), rowsOf(dx)]
  const width = G.length
  const sumGamma = new Float64Array(width)
  rowsOf(x).forEach((x, r) => {
    const xHat = Float64Array.from(x, (xc) => xc * Rstd[r])
    let meanGxHat = 0
    for (let c = 0; c < width; c++) {
      meanGxHat += (G[c] * dY[r][c] * xHat[c]) / width
      sumGamma[c] += dY[r][c] * xHat[c]
    }
    for (let c = 0; c < width; c++) dX[r][c] = Rstd[r] * (G[c] * dY[r][c] - xHat[c] * meanGxHat)
  })
  elements(dGamma).set(sumGamma)
}
