import type { Kernels } from '../backend.js'
import { forEachOffset } from '../../tensor/tensor.js'
import { dot } from './reductions.js'
import { elements, memory } from './storage.js'

export const fill: Kernels['fill'] = (out, value) => {
  elements(out).fill(value)
}

export const copy: Kernels['copy'] = (x, out) => {
  const [from, to] = [memory(x), memory(out)]
  const places = new Float64Array(x.size)
  forEachOffset(out.shape, out.strides, (at, i) => (places[i] = out.offset + at))
  forEachOffset(x.shape, x.strides, (at, i) => (to[places[i]] = from[x.offset + at]))
}

export const add: Kernels['add'] = (x, y, out) => {
  const [X, Y, O] = [elements(x), elements(y), elements(out)]
  for (let i = 0; i < O.length; i++) O[i] = X[i] + Y[i % Y.length]
}

export const scale: Kernels['scale'] = (x, factor, out) => {
  const [X, O] = [elements(x), elements(out)]
  for (let i = 0; i < O.length; i++) O[i] = factor * X[i]
}

export const sumLeading: Kernels['sumLeading'] = (x, out) => {
  const [X, O] = [elements(x), elements(out)]
  for (let j = 0; j < O.length; j++) {
    let sum = 0
    for (let i = j; i < X.length; i += O.length) sum += X[i]
    O[j] = sum
  }
}

export const sumSquares: Kernels['sumSquares'] = (x, out, index) => {
  elements(out)[index] = dot(elements(x), elements(x))
}
