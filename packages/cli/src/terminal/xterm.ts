type Triple = readonly [number, number, number]

const linear = (c: number) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)

/** OKLab, where equal distances look equal, of an sRGB colour (0..255 a channel). */
function oklab(rgb: Triple): Triple {
  const [r, g, b] = rgb.map((c) => linear(c / 255))
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

const level = (digit: number) => (digit === 0 ? 0 : 55 + 40 * digit)

/** xterm's cube of 6×6×6 and its greys (16 to 255); the first 16 belong to the user's own scheme. */
const colours: readonly Triple[] = [
  ...Array.from({ length: 216 }, (_, i): Triple => {
    return [level(Math.floor(i / 36)), level(Math.floor(i / 6) % 6), level(i % 6)]
  }),
  ...Array.from({ length: 24 }, (_, i): Triple => [8 + 10 * i, 8 + 10 * i, 8 + 10 * i]),
]

const labs = colours.map(oklab)
const known = new Map<string, number>()

/** The index (16 to 255) of the xterm colour that looks most like `#rrggbb`. */
export function nearest256(hex: string): number {
  const found = known.get(hex)
  if (found !== undefined) return found
  const n = Number.parseInt(hex.slice(1), 16)
  const wanted = oklab([n >> 16, (n >> 8) & 255, n & 255])
  const distances = labs.map((lab) => Math.hypot(lab[0] - wanted[0], lab[1] - wanted[1], lab[2] - wanted[2]))
  const index = 16 + distances.indexOf(Math.min(...distances))
  known.set(hex, index)
  return index
}
