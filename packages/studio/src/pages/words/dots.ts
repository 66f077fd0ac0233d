/** The alpha of a disc, pixel by pixel. */
export interface Stamp {
  side: number
  alpha: Uint8Array
}

/** How much of each pixel a disc of a radius (px) covers, from 16 points of it. */
export function discStamp(radius: number): Stamp {
  const side = 2 * Math.ceil(radius) + 1
  const middle = side / 2
  const alpha = Uint8Array.from({ length: side * side }, (_, at) => {
    let inside = 0
    for (let n = 0; n < 16; n++) {
      const x = (at % side) + ((n % 4) + 0.5) / 4 - middle
      const y = Math.floor(at / side) + (Math.floor(n / 4) + 0.5) / 4 - middle
      if (x * x + y * y <= radius * radius) inside++
    }
    return Math.round((255 * inside) / 16)
  })
  return { side, alpha }
}

/**
 * Stamps dots of one colour into pixels (RGBA, a byte each): thousands of them cost a few milliseconds, where a canvas takes
 * a hundred to draw them one by one.
 *
 * @param at where each dot's middle is, [n, 2]; dots that are not whole within the picture are left out
 */
export function stampDots(
  pixels: Uint8ClampedArray,
  width: number,
  height: number,
  at: ArrayLike<number>,
  { side, alpha }: Stamp,
  [r, g, b]: readonly [number, number, number],
): void {
  const half = (side - 1) / 2
  for (let i = 0; i < at.length; i += 2) {
    const left = Math.round(at[i] - 0.5) - half
    const top = Math.round(at[i + 1] - 0.5) - half
    if (left < 0 || top < 0 || left + side > width || top + side > height) continue
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++) {
        const to = 4 * ((top + row) * width + left + column)
        const a = alpha[row * side + column]
        if (a <= pixels[to + 3]) continue
        pixels[to] = r
        pixels[to + 1] = g
        pixels[to + 2] = b
        pixels[to + 3] = a
      }
  }
}

/** `#c9c5bd` as three bytes. */
export const bytesOf = (hex: string): [number, number, number] => {
  const n = Number.parseInt(hex.slice(1), 16)
  return [n >> 16, (n >> 8) & 255, n & 255]
}
