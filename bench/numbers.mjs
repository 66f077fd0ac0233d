/**
 * The same random numbers in [−1, 1) for every contender (peers/pytorch.py has them too): element i of a stream is a
 * hash of i and the seed (the finaliser of MurmurHash3).
 */
export function numbers(length, seed) {
  const out = new Float32Array(length)
  for (let i = 0; i < length; i++) {
    let h = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    out[i] = ((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1
  }
  return out
}

/** Elements of a result by which contenders are compared. */
export const sample = (data) =>
  Array.from({ length: 16 }, (_, i) => data[Math.floor(((i + 0.5) / 16) * data.length)])

/** Whether two samples are the same result in float32, however its sums were ordered. */
export function sameResult(a, b) {
  const size = Math.max(...a.map(Math.abs), ...b.map(Math.abs))
  return a.every((x, i) => Math.abs(x - b[i]) <= 1e-3 * size)
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
