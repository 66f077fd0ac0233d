const bitsOf = (array: Float32Array): Uint32Array =>
  new Uint32Array(array.buffer, array.byteOffset, array.length)

let halfTable: Uint32Array | undefined

/** The float32 bits of each of the 65,536 halves (256 KB, made on first use). */
function halves(): Uint32Array {
  if (halfTable) return halfTable
  const table = new Uint32Array(0x10000)
  const floats = new Float32Array(table.buffer)
  for (let h = 0; h < 0x10000; h++) {
    const sign = (h & 0x8000) << 16
    const exponent = (h >> 10) & 0x1f
    const mantissa = h & 0x3ff
    if (exponent === 0) floats[h] = (sign ? -1 : 1) * mantissa * 2 ** -24
    else table[h] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (mantissa << 13)
  }
  return (halfTable = table)
}

/** Bits of halves → float32, exactly; NaNs keep theirs. Gives `into`. */
export function fromHalf(
  half: Uint16Array,
  into: Float32Array = new Float32Array(half.length),
): Float32Array {
  const bits = bitsOf(into)
  const table = halves()
  for (let i = 0; i < half.length; i++) bits[i] = table[half[i]]
  return into
}

/** float32 → bits of halves, to nearest, ties to even; from 65,520 up infinity. Gives `into`, which may be where the values are. */
export function toHalf(
  values: Float32Array,
  into: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
  const bits = bitsOf(values)
  for (let i = 0; i < bits.length; i++) into[i] = roundToHalf(bits[i])
  return into
}

const scratch = new Float32Array(1)
const scratchBits = bitsOf(scratch)
const HALF_BITS = 0x3f00_0000 // 0.5

function roundToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fff_ffff
  if (magnitude > 0x7f80_0000) return sign | 0x7e00 | ((magnitude >> 13) & 0x3ff) // NaN, kept quiet
  if (magnitude >= 0x477f_f000) return sign | 0x7c00 // 65,520 and more
  if (magnitude < 0x3880_0000) {
    // Below 2^-14 halves are multiples of 2^-24, which is the spacing of float32 from 0.5 on: let the adder round.
    scratchBits[0] = magnitude
    scratch[0] += 0.5
    return sign | (scratchBits[0] - HALF_BITS)
  }
  return sign | ((magnitude - (112 << 23) + 0xfff + ((magnitude >> 13) & 1)) >> 13)
}
