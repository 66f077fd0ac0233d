import { describe, expect, it } from 'vitest'
import { randomUnit } from '../backends/random.js'
import { coded } from '../testing/index.js'
import { dot, euclideanDistance, norm, pca } from './index.js'

const cloud = (n: number, D: number, spread: (i: number) => number = () => 1, seed = 1) =>
  Array.from({ length: n }, (_, row) =>
    Float64Array.from({ length: D }, (_, i) => 3 + spread(i) * (randomUnit(seed, row * D + i) - 0.5)),
  )

describe('pca', () => {
  it('finds by hand what lies on a line, with its sign', () => {
    const points = [-2, 0, 2].map((t) => Float64Array.of(1 - 3 * t, 5 + 4 * t))
    const { mean, components, variances, explained, coordinates } = pca(points)
    expect([...mean]).toEqual([1, 5])
    // The element of the largest size is positive.
    expect([...components[0]]).toEqual([expect.closeTo(-0.6, 14), expect.closeTo(0.8, 14)])
    expect([...explained]).toEqual([expect.closeTo(1, 14), expect.closeTo(0, 14)])
    expect(variances[0]).toBeCloseTo((25 * 8) / 3, 12)
    expect(coordinates.map(([x]) => x)).toEqual([-10, 0, 10].map((x) => expect.closeTo(x, 12) as number))
  })

  // Beyond 64 dimensions the few largest are found by iteration.
  it.each([
    [40, 12, 3],
    [50, 100, 4],
    [300, 150, 2],
  ])('gives orthonormal eigenvectors of the covariance: %i vectors of %i', (n, D, k) => {
    const vectors = cloud(n, D, (i) => 1 / (1 + i))
    const { mean, components, variances, explained, coordinates } = pca(vectors, k)
    components.forEach((a, i) =>
      components.forEach((b, j) => expect(dot(a, b)).toBeCloseTo(i === j ? 1 : 0, 13)),
    )
    components.forEach((component, c) => {
      const image = new Float64Array(D)
      for (const v of vectors) {
        const centred = v.map((x, i) => x - mean[i])
        const along = dot(centred, component) / n
        centred.forEach((x, i) => (image[i] += x * along))
      }
      expect(
        euclideanDistance(
          image,
          component.map((x) => variances[c] * x),
        ),
      ).toBeLessThan(1e-11)
      const spread = coordinates.reduce((sum, at) => sum + at[c] ** 2, 0) / n
      expect(spread).toBeCloseTo(variances[c], 12)
    })
    const all = vectors.reduce((sum, v) => sum + euclideanDistance(v, mean) ** 2, 0) / n
    expect([...explained]).toEqual([...variances].map((v) => expect.closeTo(v / all, 12) as number))
    expect([...variances]).toEqual([...variances].sort((a, b) => b - a))
    // No direction holds more than the first.
    const random = cloud(1, D, undefined, 9)[0]
    const spread = vectors.reduce(
      (sum, v) =>
        sum +
        dot(
          v.map((x, i) => x - mean[i]),
          random,
        ) **
          2 /
          norm(random) ** 2 /
          n,
      0,
    )
    expect(spread).toBeLessThanOrEqual(variances[0])
  })

  it('keeps all distances of three vectors, which lie in a plane', () => {
    const vectors = cloud(3, 256)
    const { coordinates, explained } = pca(vectors)
    for (const [i, j] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ])
      expect(euclideanDistance(coordinates[i], coordinates[j])).toBeCloseTo(
        euclideanDistance(vectors[i], vectors[j]),
        12,
      )
    expect(explained[0] + explained[1]).toBeCloseTo(1, 12)
  })

  it('is right for an equilateral triangle, where two variances are equal', () => {
    const corners = [0, 1, 2].map((i) => new Float64Array(100).fill(1, i, i + 1))
    const { explained, coordinates } = pca(corners)
    expect([...explained]).toEqual([expect.closeTo(0.5, 12), expect.closeTo(0.5, 12)])
    expect(euclideanDistance(coordinates[0], coordinates[1])).toBeCloseTo(Math.SQRT2, 12)
  })

  it('puts equal vectors, or one, at the origin', () => {
    for (const vectors of [cloud(1, 80), [Float64Array.of(1, 2), Float64Array.of(1, 2)]]) {
      const { explained, coordinates } = pca(vectors)
      expect([...explained]).toEqual([0, 0])
      for (const at of coordinates) expect(norm(at)).toBe(0)
    }
  })

  it('places other vectors, and gives the same twice', () => {
    const vectors = cloud(9, 70)
    const { project, coordinates, mean, components } = pca(vectors)
    expect(project(vectors[4])).toEqual(coordinates[4])
    expect(norm(project(mean))).toBe(0)
    expect(pca(vectors).components).toEqual(components)
    expect(() => project(Float64Array.of(1))).toThrow(coded('shape', '1 elements', '70'))
  })

  it('refuses what has no components', () => {
    expect(() => pca([])).toThrow(coded('input', 'no vectors'))
    expect(() => pca(cloud(3, 4), 5)).toThrow(coded('option', '5 components', '1 to 4'))
    expect(() => pca(cloud(3, 4), 0)).toThrow(coded('option', '0 components'))
    expect(() => pca([Float64Array.of(1, NaN)])).toThrow(coded('input', 'element 1 is NaN'))
    expect(() => pca([Float64Array.of(1), Float64Array.of(1, 2)])).toThrow(coded('shape', '1 and 2'))
  })
})
