import { expect, it } from 'vitest'
import { dropoutThreshold, foldSeed, randomBits, randomUnit } from './random.js'

it('is a pure function of seed and index', () => {
  expect(randomBits(7, 3)).toBe(randomBits(7, 3))
  expect(new Set([randomBits(7, 3), randomBits(8, 3), randomBits(7, 4)]).size).toBe(3)
})

it('is spread evenly over [0, 1), for every seed and between neighbours', () => {
  const n = 20_000
  for (const seed of [0, 1, 2, -1, 123456789]) {
    const buckets = new Float64Array(16)
    let [together, outside] = [0, 0]
    for (let i = 0; i < n; i++) {
      const u = randomUnit(seed, i)
      if (!(u >= 0 && u < 1)) outside++
      buckets[Math.floor(u * 16)]++
      together += (u - 0.5) * (randomUnit(seed, i + 1) - 0.5) * 12
    }
    expect(outside).toBe(0)
    for (const count of buckets) expect(Math.abs(count - n / 16)).toBeLessThan(5 * Math.sqrt(n / 16))
    expect(Math.abs(together / n)).toBeLessThan(5 / Math.sqrt(n))
  }
})

it('different seeds do not follow each other', () => {
  const n = 20_000
  let together = 0
  for (let i = 0; i < n; i++) together += (randomUnit(1, i) - 0.5) * (randomUnit(2, i) - 0.5) * 12
  expect(Math.abs(together / n)).toBeLessThan(5 / Math.sqrt(n))
})

it('folds words into new seeds, in order', () => {
  const seeds = [
    foldSeed(1),
    foldSeed(1, 0),
    foldSeed(1, 1),
    foldSeed(1, 0, 1),
    foldSeed(1, 1, 0),
    foldSeed(2, 1),
  ]
  expect(new Set(seeds).size).toBe(seeds.length)
})

it('dropout keeps all at rate 0', () => {
  expect(dropoutThreshold(0)).toBe(0)
  expect(dropoutThreshold(0.5)).toBe(2 ** 23)
})
