/**
 * Counter-based random bits: a pure function of (seed, index), so that results do not depend on threads or order.
 * Two rounds of the murmur3 finaliser over 32-bit words; every backend computes exactly this.
 */
export function randomBits(seed: number, index: number): number {
  return mix(mix(index ^ seed) + Math.imul(seed, 0x9e3779b9))
}

/** murmur3's fmix32. */
export function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** A number in [0, 1) with 24 random bits. */
export const randomUnit = (seed: number, index: number): number => (randomBits(seed, index) >>> 8) / 2 ** 24

/** Dropout keeps element i when the top 24 bits of its random word are at least this. */
export const dropoutThreshold = (rate: number): number => Math.round(rate * 2 ** 24)

/** A new seed from a seed and any number of words: for every step, layer and call its own. */
export const foldSeed = (seed: number, ...words: number[]): number =>
  words.reduce((s, w) => mix(mix(s + 0x9e3779b9) ^ w), seed | 0)
