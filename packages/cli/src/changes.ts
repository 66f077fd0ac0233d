import { InvalidArgumentError, Option } from 'commander'
import { HeedError, type Normalizer, normalizers } from 'heed'
import {
  ablate,
  forbid,
  headMeans,
  matchHeads,
  type PositionPair,
  replacePattern,
  rescale,
  swapSoftmax,
} from 'heed/lens'
import { type Intervention, matchSites, type Model } from 'heed/models'
import { readLines, textsOf } from './input.js'
import { collect } from './options.js'

/** A change of a model, as it is written behind `--with`. */
export interface Change {
  /** As it was written. */
  text: string
  kind: Kind
  /** An attention, or several by pattern. */
  site: string
  /** Default: all. */
  heads: number[] | undefined
  make: (
    heads: number[] | undefined,
    model: Model,
    signal: AbortSignal,
  ) => Promise<Intervention> | Intervention
  /** Of a link that is forbidden. */
  pairs?: readonly PositionPair[]
}

const kinds = ['zero', 'mean', 'uniform', 'scale', 'softmax', 'forbid'] as const
type Kind = (typeof kinds)[number]

const forms: Record<Kind, string> = {
  zero: 'zero:SITE[:HEADS]',
  mean: 'mean:SITE[:HEADS]:FILE',
  uniform: 'uniform:SITE[:HEADS]',
  scale: 'scale:SITE[:HEADS]:FACTOR',
  softmax: 'softmax:SITE[:HEADS]:NAME',
  forbid: 'forbid:SITE[:HEADS]:QUERY>KEY[,QUERY>KEY …]',
}

const others = Object.keys(normalizers).filter((name) => name !== 'softmax')
const explained: [form: string, what: string][] = [
  [forms.zero, 'heads give zeros'],
  [forms.mean, "heads give their mean over a file's lines"],
  [forms.uniform, 'heads look at all tokens alike'],
  [forms.scale, 'multiplies scores: 2 is sharper, 0.5 flatter'],
  [forms.softmax, others.join(', ')],
  ['forbid:SITE[:HEADS]:4>1', 'token 4 may not look at token 1, from 0'],
]

/** What the help of every command with `--with` says of it. */
export const withHelp = `
--with changes the model while it runs; several act in their order:
${explained.map(([form, what]) => `  ${form.padEnd(27)}${what}`).join('\n')}
SITE is an attention (* stands for any characters), HEADS as 3 or 0,2: all
without. Quote what has * or > in it: --with 'forbid:encoder.2.self:3:4>1'.`

/** `--with <change>`, repeatable; parsed into `Change[]`. */
export const withOption = (): Option =>
  new Option(
    '--with <change>',
    'run the model changed, such as zero:SITE:HEAD (see below); repeatable',
  ).argParser(collect(parseChange))

/** @throws InvalidArgumentError for what is no change */
export function parseChange(text: string): Change {
  const [kind, site, ...rest] = text.split(':')
  if (!isKind(kind))
    throw new InvalidArgumentError(`It must begin with one of ${kinds.join(', ')}: ${forms.zero}.`)
  const malformed = (why: string) => new InvalidArgumentError(`${why}; write ${forms[kind]}.`)
  if (!site) throw malformed('It names no site')
  // Values come last; a file's name may have colons in it.
  const [first] = rest
  const named = first !== undefined && /^\d+(,\d+)*$/.test(first) && (rest.length > 1 || !hasValue(kind))
  const heads = named ? first.split(',').map(Number) : undefined
  const values = named ? rest.slice(1) : rest
  const value = kind === 'mean' ? values.join(':') : values[0]
  if (kind !== 'mean' && values.length > (hasValue(kind) ? 1 : 0))
    throw malformed(
      named || hasValue(kind) ? 'It has too many parts' : `${JSON.stringify(first)} names no heads`,
    )
  if (hasValue(kind) && !value) throw malformed('Its last part is missing')
  const change = { text, kind, site, heads }
  switch (kind) {
    case 'zero':
      return { ...change, make: (heads) => ablate(site, heads) }
    case 'uniform':
      return { ...change, make: (heads) => replacePattern(site, 'uniform', { heads }) }
    case 'mean':
      return { ...change, make: (heads, model, signal) => toMeans(site, heads, value!, model, signal) }
    case 'scale': {
      const factor = Number(value)
      if (!value!.trim() || !Number.isFinite(factor)) throw malformed(`${JSON.stringify(value)} is no number`)
      return { ...change, make: (heads) => rescale(site, factor, { heads }) }
    }
    case 'softmax': {
      if (!Object.hasOwn(normalizers, value!))
        throw malformed(`There is no ${JSON.stringify(value)}, only ${Object.keys(normalizers).join(', ')}`)
      return { ...change, make: (heads) => swapSoftmax(site, value as Normalizer, { heads }) }
    }
    case 'forbid': {
      if (!/^\d+>\d+(,\d+>\d+)*$/.test(value!))
        throw malformed(`${JSON.stringify(value)} is no pair of tokens`)
      const pairs = value!.split(',').map((pair) => pair.split('>').map(Number) as [number, number])
      return { ...change, pairs, make: (heads) => forbid(site, pairs, { heads }) }
    }
  }
}

const isKind = (kind: string): kind is Kind => (kinds as readonly string[]).includes(kind)
const hasValue = (kind: Kind): boolean => kind !== 'zero' && kind !== 'uniform'

async function toMeans(
  site: string,
  heads: number[] | undefined,
  file: string,
  model: Model,
  signal: AbortSignal,
): Promise<Intervention> {
  const means = await headMeans(model, await textsIn(file, signal), { sites: site, signal })
  return ablate(site, heads, { to: means })
}

/** The texts of a file that are not blank, to take means over. */
export async function textsIn(file: string, signal: AbortSignal): Promise<string[]> {
  const texts = textsOf(await readLines(file, signal), file).filter((text) => text.trim() !== '')
  if (texts.length === 0) throw new HeedError('input', `${file}: has no text to take means over`)
  return texts
}

/**
 * The interventions that were asked for, for a model; undefined when there are none.
 *
 * @throws HeedError `not-found` for a site or head that it does not have
 */
export async function interventionsOf(
  changes: readonly Change[] | undefined,
  model: Model,
  signal: AbortSignal,
): Promise<Intervention[] | undefined> {
  if (!changes) return undefined
  for (const { site, heads } of changes) {
    matchSites(model.sites, site)
    matchHeads(model.heads, heads)
  }
  const made: Intervention[] = []
  for (const { heads, make } of changes) made.push(await make(heads, model, signal))
  return made
}

/** Throws when a forbidden pair lies outside the text: a causal model takes it for one that is yet to come. */
export function checkPairs(
  changes: readonly Change[] | undefined,
  model: Model,
  tokens: { source: { length: number }; target?: { length: number } },
): void {
  for (const { site, pairs = [], text } of changes ?? [])
    for (const name of matchSites(model.sites, site)) {
      const target = tokens.target?.length ?? tokens.source.length
      const queries = name.startsWith('decoder.') ? target : tokens.source.length
      const keys = name.endsWith('.cross') ? tokens.source.length : queries
      const [query, key] = pairs.find(([i, j]) => i >= queries || j >= keys) ?? []
      if (query === undefined || key === undefined) continue
      const [wrong, count] = query >= queries ? [query, queries] : [key, keys]
      throw new HeedError(
        'not-found',
        `--with ${text}: there is no token ${wrong} at ${name}; there are 0 to ${count - 1}`,
      )
    }
}
