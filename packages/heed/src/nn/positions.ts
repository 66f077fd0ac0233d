import { checkShape } from '../tensor/shape.js'

/**
 * Sinusoidal positions of "Attention Is All You Need" (section 3.5): PE(t, 2i) = sin(t / 10000^(2i/D)),
 * PE(t, 2i+1) = cos of the same. Gives [length, width] in row-major order, to be made a tensor once and added.
 */
export function sinusoidalPositions(length: number, width: number): Float32Array {
  checkShape([length, width], 'sinusoidalPositions')
  const table = new Float32Array(length * width)
  for (let c = 0; c < width; c++) {
    const scale = 10000 ** ((c - (c % 2)) / width)
    const wave = c % 2 ? Math.cos : Math.sin
    for (let t = 0; t < length; t++) table[t * width + c] = wave(t / scale)
  }
  return table
}
