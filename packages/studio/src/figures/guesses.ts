/* What is true of what figures ask before they show: which of the answers, by its number. */

/** Shorter, exactly as long, longer: the sum of two arrows beside their lengths together, up to rounding. */
export function sumAmong(sum: number, together: number): 0 | 1 | 2 {
  if (Math.abs(sum - together) <= 1e-6 * together) return 1
  return sum < together ? 0 : 2
}

/** One, two or three, four or more: so many products, the largest first, come to half of their sum. */
export function productsAmong(products: ArrayLike<number>): 0 | 1 | 2 {
  const score = Array.from(products).reduce((sum, x) => sum + x, 0)
  // Of a score below zero the largest are those that pull it down most.
  const all = Array.from(products, (x) => Math.sign(score) * x).sort((a, b) => b - a)
  const half = Math.abs(score) / 2
  let sum = 0
  const count = 1 + all.findIndex((x) => (sum += x) >= half)
  return count === 1 ? 0 : count <= 3 ? 1 : 2
}

/** In order, in another order, most on one: the places that are looked at most, in the order of those who look. */
export function orderAmong(places: readonly number[]): 0 | 1 | 2 {
  const onOne = Math.max(...places.map((place) => places.filter((other) => other === place).length))
  if (places.length > 1 && onOne > places.length / 2) return 2
  return places.every((place, i) => i === 0 || place >= places[i - 1]) ? 0 : 1
}
