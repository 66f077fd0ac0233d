import type { Kernels } from '../backend.js'
import { elements, rowsOf } from './storage.js'

export const layerNorm: Kernels['layerNorm'] = (x, gamma, beta, eps, out, mean, rstd) => {
  const [G, Bt, O, Mean, Rstd] = [
    elements(gamma),
    elements(beta),
    rowsOf(out),
    elements(mean),
    elements(rstd),
  ]
  rowsOf(x).forEach((x, r) => {
    let [sum, squares] = [0, 0]
    for (const value of x) sum += value
    const mu = sum / x.length
    for (const value of x) squares += (value - mu) ** 2
    const scale = 1 / Math.sqrt(squares / x.length + eps)
    for (let c = 0; c < x.length; c++) O[r][c] = G[c] * (x[c] - mu) * scale + Bt[c]
    Mean[r] = mu
    Rstd[r] = scale
  })
}

export const layerNormGrad: Kernels['layerNormGrad'] = ({ x, gamma, mean, rstd, dy, dx, dGamma, dBeta }) => {
  const [G, Mean, Rstd, dY, dX] = [elements(gamma), elements(mean), elements(rstd), rowsOf(dy), rowsOf(dx)]
  const width = G.length
  const [sumGamma, sumBeta] = [new Float64Array(width), new Float64Array(width)]
  rowsOf(x).forEach((x, r) => {
    const xHat = Float64Array.from(x, (xc) => (xc - Mean[r]) * Rstd[r])
    let [meanG, meanGxHat] = [0, 0]
    for (let c = 0; c < width; c++) {
      meanG += (G[c] * dY[r][c]) / width
      meanGxHat += (G[c] * dY[r][c] * xHat[c]) / width
      sumGamma[c] += dY[r][c] * xHat[c]
      sumBeta[c] += dY[r][c]
    }
    for (let c = 0; c < width; c++) dX[r][c] = Rstd[r] * (G[c] * dY[r][c] - meanG - xHat[c] * meanGxHat)
  })
  elements(dGamma).set(sumGamma)
  elements(dBeta).set(sumBeta)
}
