import { add, HeedError, scale, scope, type Tensor, tensor } from 'heed'
import type { ModelSource } from './models'
import type { Context } from './rpc'
import { spaceOf, vectorsOf } from './words'

/** The eight axioms of a vector space, in the order of docs/vectors.md. */
export const axiomNames = [
  'commutes',
  'associates',
  'zero',
  'opposite',
  'scalesTwice',
  'one',
  'scalesSums',
  'addsScales',
] as const
export type AxiomName = (typeof axiomNames)[number]

export interface AxiomsRequest {
  model: ModelSource
  /** u, v and w; fewer are taken again. */
  words: readonly string[]
  s: number
  t: number
}

/** Both sides of an axiom, computed by the engine in its own 32-bit numbers. */
export interface Axiom {
  name: AxiomName
  /** [D] */
  left: Float32Array
  right: Float32Array
  /** The largest |left − right|. */
  difference: number
  /** What rounding may amount to where they differ most. */
  bound: number
  /** No element is further apart than its rounding explains. */
  holds: boolean
}

export interface Axioms {
  /** u, v, w */
  words: string[]
  s: number
  t: number
  axioms: Axiom[]
}

/** Half the gap between 1 and the next number of 32 bits, and the smallest of them. */
const ROUNDING = 2 ** -24
const TINY = 2 ** -149

/**
 * The axioms on three words and two numbers. Bounds count roundings, as docs/vectors.md says: at most two on either side, so
 * 4ε of the sizes that go in, and 0 where nothing is rounded.
 *
 * @throws HeedError `input` where none of the words has a vector
 */
export async function wordAxioms(
  { model, words, ...factors }: AxiomsRequest,
  context: Context,
): Promise<Axioms> {
  const space = await spaceOf(model, context)
  const { words: found, vectors, refused } = vectorsOf(space, words)
  if (found.length === 0) throw new HeedError('input', refused[0]?.why ?? 'no words; choose at least one')
  const three = [0, 1, 2].map((n) => n % found.length)
  const [s, t] = [Math.fround(factors.s), Math.fround(factors.t)]
  const made = scope(() => {
    const [u, v, w] = three.map((n) => tensor(Float32Array.from(vectors[n]), [vectors[n].length]))
    return bothSides(u, v, w, s, t)
  })
  const [u, v, w] = three.map((n) => vectors[n].map(Math.fround))
  const size = (i: number) => Math.abs(u[i]) + Math.abs(v[i])
  const bounds: Record<AxiomName, (i: number) => number> = {
    commutes: () => 0,
    associates: (i) => 4 * ROUNDING * (size(i) + Math.abs(w[i])),
    zero: () => 0,
    opposite: () => 0,
    scalesTwice: (i) => 4 * ROUNDING * Math.abs(s * t * u[i]) + TINY * (Math.abs(s) + Math.abs(u[i]) + 3),
    one: () => 0,
    scalesSums: (i) => 4 * ROUNDING * Math.abs(s) * size(i) + 4 * TINY,
    addsScales: (i) => 4 * ROUNDING * (Math.abs(s) + Math.abs(t)) * Math.abs(u[i]) + 4 * TINY,
  }
  try {
    const axioms: Axiom[] = []
    for (const name of axiomNames) axioms.push(await judged(name, made[name], bounds[name]))
    return { words: three.map((n) => found[n].word), s, t, axioms }
  } finally {
    for (const side of new Set(Object.values(made).flat())) side.dispose()
  }
}

function bothSides(
  u: Tensor,
  v: Tensor,
  w: Tensor,
  s: number,
  t: number,
): Record<AxiomName, readonly [left: Tensor, right: Tensor]> {
  const nothing = scale(u, 0)
  return {
    commutes: [add(u, v), add(v, u)],
    associates: [add(add(u, v), w), add(u, add(v, w))],
    zero: [add(u, nothing), u],
    opposite: [add(u, scale(u, -1)), nothing],
    scalesTwice: [scale(scale(u, t), s), scale(u, Math.fround(s * t))],
    one: [scale(u, 1), u],
    scalesSums: [scale(add(u, v), s), add(scale(u, s), scale(v, s))],
    addsScales: [scale(u, Math.fround(s + t)), add(scale(u, s), scale(u, t))],
  }
}

async function judged(
  name: AxiomName,
  sides: readonly [Tensor, Tensor],
  boundOf: (i: number) => number,
): Promise<Axiom> {
  const [left, right] = await Promise.all(sides.map(async (side) => Float32Array.from(await side.data())))
  let [worst, difference, holds] = [0, 0, true]
  left.forEach((x, i) => {
    const apart = Math.abs(x - right[i])
    if (apart > difference) [worst, difference] = [i, apart]
    // The bound itself is computed in float64: one part in 2⁴⁸ more.
    if (!(apart <= boundOf(i) * (1 + 2 ** -48))) holds = false
  })
  return { name, left, right, difference, bound: boundOf(worst), holds }
}
