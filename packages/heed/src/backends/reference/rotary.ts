import type { Kernels } from '../backend.js'
import { elements, memory } from './storage.js'

export const rotary: Kernels['rotary'] = ({ x, cos, sin, interleaved, inverse, out }) => {
  const [B, T, H, D] = x.shape
  const half = cos.shape.at(-1)!
  const [X, O, Cos, Sin] = [memory(x), elements(out), elements(cos), elements(sin)]
  const [first, second, step] = interleaved ? [0, 1, 2] : [0, half, 1]
  for (let b = 0; b < B; b++)
    for (let t = 0; t < T; t++)
      for (let h = 0; h < H; h++) {
        const from = x.offset + b * x.strides[0] + t * x.strides[1] + h * D
        const to = ((b * T + t) * H + h) * D
        const angles = ((cos.rank === 3 ? b * T : 0) + t) * half
        for (let i = 0; i < half; i++) {
          const [p, q] = [first + step * i, second + step * i]
          const [c, s] = [Cos[angles + i], inverse ? -Sin[angles + i] : Sin[angles + i]]
          O[to + p] = X[from + p] * c - X[from + q] * s
          O[to + q] = X[from + q] * c + X[from + p] * s
        }
        for (let d = 2 * half; d < D; d++) O[to + d] = X[from + d]
      }
}
