import type { Alignment, Translation, TranslationPart, Unit } from '../../../engine/translate'
import type { Line } from '../links'
import type { TranslateState } from '../state'

/** One map with its words, as it is drawn. */
export interface Shown {
  source: readonly Unit[]
  target: readonly Unit[]
  /** [target, source] */
  weights: Float32Array
}

type Maps = Pick<Translation, 'sites' | 'heads' | 'aligns'>

/** The site that is looked at: the one in the address, else the one that aligns. */
export const siteOf = ({ sites, aligns }: Maps, { site }: Pick<TranslateState, 'site'>): string =>
  site !== undefined && sites.includes(site) ? site : aligns

/** Where a map is among all: heads of a site, then their mean, site by site. */
export function mapIndex(maps: Maps, state: Pick<TranslateState, 'site' | 'head'>): number {
  const { sites, heads } = maps
  const head = state.head !== undefined && state.head < heads ? state.head : heads
  return sites.indexOf(siteOf(maps, state)) * (heads + 1) + head
}

export function shownOf(
  translation: Translation,
  state: Pick<TranslateState, 'site' | 'head' | 'unit'>,
): Shown {
  const { source, target, maps }: Alignment = translation[state.unit]
  return { source, target, weights: maps[mapIndex(translation, state)] }
}

/**
 * Rows that have come so far, as a map.
 *
 * @param words of the source, where they are known: a word has the weights of its tokens
 */
export function growing(
  parts: readonly TranslationPart[],
  state: TranslateState,
  words?: readonly Unit[],
): Shown | undefined {
  const last = parts.at(-1)
  if (!last) return undefined
  const { target } = last
  const source = words ?? last.source
  const weights = new Float32Array(target.length * source.length)
  parts.forEach(({ rows }, i) => {
    const row = rows[mapIndex(last, state)]
    source.forEach(({ start, end }, j) => {
      for (let token = start; token < end; token++) weights[i * source.length + j] += row[token]
    })
  })
  return { source, target, weights }
}

/** The unit that holds a token; undefined for none. */
export function unitAt(units: readonly Unit[], token: number | undefined): number | undefined {
  if (token === undefined) return undefined
  const found = units.findIndex(({ start, end }) => start <= token && token < end)
  return found < 0 ? undefined : found
}

/** The tokens of a unit. */
export const tokensOf = ({ start, end }: Pick<Unit, 'start' | 'end'>): number[] =>
  Array.from({ length: end - start }, (_, n) => start + n)

/** The units whose tokens are all among these. */
export const unitsWithin = (units: readonly Unit[], tokens: readonly number[]): number[] =>
  units.flatMap((unit, at) => (tokensOf(unit).every((token) => tokens.includes(token)) ? [at] : []))

/** The strongest link of a target; without one, between any two words, where there are two. */
export function strongest({ source, target, weights }: Shown, of?: number): Line {
  const rows = of === undefined ? [...target.keys()] : [of]
  let best: (Line & { plain: boolean }) | undefined
  for (const i of rows)
    for (let j = 0; j < source.length; j++) {
      const weight = weights[i * source.length + j]
      const plain = of !== undefined || (isWord(source[j]) && isWord(target[i]))
      if (!best || Number(plain) > Number(best.plain) || (plain === best.plain && weight > best.weight))
        best = { target: i, source: j, weight, plain }
    }
  return best ?? { target: 0, source: 0, weight: 0 }
}

const isWord = ({ special, label }: Unit): boolean => !special && /[\p{L}\p{N}]/u.test(label)

/** Those links that are worth a line, strongest first. */
const worthTelling = (links: readonly Line[]): Line[] =>
  links.filter(({ weight }) => weight >= 0.02).sort((a, b) => b.weight - a.weight)

export const linksOfRow = ({ source, weights }: Shown, target: number): Line[] =>
  worthTelling(source.map((_, at) => ({ target, source: at, weight: weights[target * source.length + at] })))

export const linksOfColumn = ({ source, target, weights }: Shown, at: number): Line[] =>
  worthTelling(
    target.map((_, asks) => ({ target: asks, source: at, weight: weights[asks * source.length + at] })),
  )

/** Which words of the second list are not in the first, in order (the longest common subsequence). */
export function differing(before: readonly Unit[], after: readonly Unit[]): boolean[] {
  const [n, m] = [before.length, after.length]
  const best = Array.from({ length: n + 1 }, () => new Int32Array(m + 1))
  for (let i = n - 1; i >= 0; i--)
    for (let j = m - 1; j >= 0; j--)
      best[i][j] =
        before[i].label === after[j].label ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1])
  const differs = after.map(() => true)
  for (let i = 0, j = 0; i < n && j < m;)
    if (before[i].label === after[j].label) {
      differs[j] = false
      i++
      j++
    } else if (best[i + 1][j] >= best[i][j + 1]) i++
    else j++
  return differs
}
