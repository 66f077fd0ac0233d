import {
  ablate,
  type Capture,
  type Change,
  damageName,
  damageOf,
  effect,
  type Effect,
  forbid,
  headEffects,
  type HeadMeans,
  headMeans,
  type LinkEffect,
  linkEffects,
  type MapLink,
  type PositionPair,
} from 'heed/lens'
import {
  type Described,
  EncoderModel,
  type Intervention,
  type Model,
  noneToken,
  Transformer,
} from 'heed/models'
import { captured } from './captures'
import { type ModelSource, openModel } from './models'
import type { Context } from './rpc'

export type { Change, Described }

/** What a head that is taken out gives instead. */
export type Instead = 'zero' | 'mean'

interface OfHead {
  model: ModelSource
  text: string
  site: string
  head: number
}

export interface WorthRequest extends OfHead {
  /** What the whole head gives instead; or the links of it that are forbidden, [query, key] of tokens. */
  change: { to: Instead } | { links: readonly PositionPair[] }
}

/** What a head or links of it are worth to a text: the effect of being without. */
export interface Worth extends Omit<Effect, 'text'> {
  damage: number
  /** What the damage is: a growth of the loss, nats of KL, or 1 − cosine. */
  damageName: string
  /** What each of the predictions goes on from: the text, or the translation, up to there. */
  contexts: string[]
  /** The loss is of the translation, not of the text. */
  translates: boolean
  /** Of a model that says which word describes which. */
  described: Change<Described[]> | null
}

/** Takes a head out, or forbids some of its links, and says what becomes of the output. */
export async function worth(
  { model: source, text, site, head, change }: WorthRequest,
  context: Context,
): Promise<Worth> {
  const { signal } = context
  const open = await openModel(source, context)
  const { model } = open
  const changes =
    'links' in change
      ? [forbid(site, change.links, { heads: head })]
      : [ablate(site, head, { to: await insteadOf(model, text, [site], change.to, signal) })]
  const { text: _, ...found } = await effect(model, text, changes, { signal })
  return {
    ...found,
    damage: damageOf(found),
    damageName: damageName(found),
    contexts: contextsOf(await captured(open, text, model.sites.at(-1)!, context), found),
    translates: model instanceof Transformer,
    described: await describedBy(model, text, changes, signal),
  }
}

/** What stands before each prediction, in the text or the translation. */
function contextsOf({ of }: Capture, { predictions }: Pick<Effect, 'predictions'>): string[] {
  const { text, output, tokens } = of!
  const [said, all] = tokens.target ? [output ?? '', tokens.target] : [text, tokens.source]
  return predictions.map(({ position }) => said.slice(0, all[position]?.end ?? 0))
}

const insteadOf = async (
  model: Model,
  text: string,
  sites: readonly string[],
  to: Instead,
  signal: AbortSignal,
): Promise<'zero' | HeadMeans> => (to === 'zero' ? to : headMeans(model, [text], { sites, signal }))

async function describedBy(
  model: Model,
  text: string,
  changes: readonly Intervention[],
  signal: AbortSignal,
): Promise<Worth['described']> {
  if (!(model instanceof EncoderModel) || model.tokenizer?.idOf(noneToken) === undefined) return null
  return {
    before: await model.describe(text, { signal }),
    after: await model.describe(text, { with: changes, signal }),
  }
}

export interface Damages {
  site: string
  /** By head. */
  damages: Float64Array
  damageName: string
}

/** The damage that each head of a site does by going. */
export async function damages(
  { model: source, text, site, to }: Omit<OfHead, 'head'> & { to: Instead },
  context: Context,
): Promise<Damages> {
  const { signal } = context
  const { model } = await openModel(source, context)
  const found = await headEffects(model, text, {
    sites: [site],
    to: await insteadOf(model, text, [site], to, signal),
    output: false,
    signal,
  })
  return {
    site,
    damages: Float64Array.from(found, ({ effect }) => damageOf(effect)),
    damageName: damageName(found[0].effect),
  }
}

/** What forbidding a link does: the numbers of `heed see --matters`. */
export type LinkWorth = Pick<LinkEffect, 'logProb' | 'cosine' | 'output'>

/** Forbids a link between two words of a head, and nothing else. */
export async function link(
  { model, text, site, head, queries, keys }: OfHead & Pick<MapLink, 'queries' | 'keys'>,
  context: Context,
): Promise<LinkWorth> {
  const open = await openModel(model, context)
  const links = [{ site, heads: [head], queries, keys }]
  const [{ logProb, cosine, output }] = await linkEffects(open.model, text, {
    links,
    signal: context.signal,
  })
  return { logProb, cosine, output }
}
