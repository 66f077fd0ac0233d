/* What is true of what figures ask before they show: which of the answers, by its number. */
import { cosineSimilarity, norm } from 'heed/vectors'

type Numbers = Float32Array | Float64Array

/** The cosine of two rows of numbers; 0 where one of them has no direction. */
export const cosineOf = (a: Numbers, b: Numbers): number =>
  norm(a) > 0 && norm(b) > 0 ? cosineSimilarity(a, b) : 0

/** Two rows are alike from this cosine on, and opposite from its negative. */
const ALIKE = 0.5
/** Up to this factor one is about as much as another. */
const ABOUT = 1.5

/** The same up to rounding, alike, not alike: two rows of numbers. */
export function rowsAmong(a: Numbers, b: Numbers): 0 | 1 | 2 {
  if (a.every((x, i) => Math.abs(x - b[i]) <= 1e-6)) return 0
  return cosineOf(a, b) >= ALIKE ? 1 : 2
}

/** Alike, little to do with each other, opposite: two vectors of one space. */
export function likenessAmong(a: Numbers, b: Numbers): 0 | 1 | 2 {
  const cosine = cosineOf(a, b)
  return cosine >= ALIKE ? 0 : cosine <= -ALIKE ? 2 : 1
}

/** Less, about as much, more: one weight beside another. */
export function weightAmong(weight: number, other: number): 0 | 1 | 2 {
  if (weight * ABOUT < other) return 0
  return weight > ABOUT * other ? 2 : 1
}

/** Shorter, exactly as long, longer: the sum of two arrows beside their lengths together, up to rounding. */
export function sumAmong(sum: number, together: number): 0 | 1 | 2 {
  if (Math.abs(sum - together) <= 1e-6 * together) return 1
  return sum < together ? 0 : 2
}

/** One, two or three, four or more. */
export const countAmong = (count: number): 0 | 1 | 2 => (count <= 1 ? 0 : count <= 3 ? 1 : 2)

/** Of how many products, the largest first, come to half of their sum: as in `countAmong`. */
export function productsAmong(products: ArrayLike<number>): 0 | 1 | 2 {
  const score = Array.from(products).reduce((sum, x) => sum + x, 0)
  // Of a score below zero the largest are those that pull it down most.
  const all = Array.from(products, (x) => Math.sign(score) * x).sort((a, b) => b - a)
  const half = Math.abs(score) / 2
  let sum = 0
  return countAmong(1 + all.findIndex((x) => (sum += x) >= half))
}

/** In order, in another order, most on one: the places that are looked at most, in the order of those who look. */
export function orderAmong(places: readonly number[]): 0 | 1 | 2 {
  const onOne = Math.max(...places.map((place) => places.filter((other) => other === place).length))
  if (places.length > 1 && onOne > places.length / 2) return 2
  return places.every((place, i) => i === 0 || place >= places[i - 1]) ? 0 : 1
}

/** In none, in one, in several, in all: so many of so many heads, of which there are two or more. */
export function headsAmong(count: number, of: number): 0 | 1 | 2 | 3 {
  if (count === of) return 3
  return count > 1 ? 2 : count === 1 ? 1 : 0
}

/** Yes, no: whether all that is measured has the same outcome. */
export const agreeAmong = (outcomes: readonly number[]): 0 | 1 =>
  outcomes.every((outcome) => outcome === outcomes[0]) ? 0 : 1

/** All, some, none: so many of so many. */
export const holdAmong = (count: number, of: number): 0 | 1 | 2 => (count === of ? 0 : count > 0 ? 1 : 2)
