import { capture, replacePattern } from 'heed/lens'
import type { DrawnToken } from 'heed/look'
import type { EncoderModel, Intervention } from 'heed/models'

/** What a model makes of the probe, a sentence that it is not trained on, at a step of its training. */
export interface Shot {
  step: number
  /** [heads, T, T] */
  weights: Float32Array
  /** Which word it puts at each token, [T]; '' for none. */
  said: string[]
  /** How likely it holds that word; 0 for none. */
  probability: Float32Array
  /** What it would put there if every key had the same weight. */
  even: string[]
}

/** The tokens of the probe, as they are drawn, and which of them are none of the model's words. */
export function probeTokens(model: EncoderModel, text: string): { tokens: DrawnToken[]; unknown: string[] } {
  const { unkId } = model.tokenizer!
  const read = model.sourceTokens(text)
  const unknown = read.filter(({ id }) => id === unkId).map(({ start, end }) => text.slice(start, end))
  // As they stand in the sentence: the vocabulary has no capitals.
  const tokens = read.map(({ start, end }) => ({
    text: text.slice(start, end),
    special: false,
    startsWord: true,
  }))
  return { tokens, unknown }
}

/** @param interventions that the model is trained with */
export async function probe(
  model: EncoderModel,
  text: string,
  step: number,
  interventions: readonly Intervention[],
): Promise<Shot> {
  const [site] = model.sites
  using seen = await capture(model, text, { sites: site, with: interventions })
  const tiles = await Promise.all(
    Array.from({ length: model.heads }, (_, head) => seen.map(site, head).tile()),
  )
  const weights = new Float32Array(tiles.reduce((sum, { length }) => sum + length, 0))
  tiles.forEach((tile, head) => weights.set(tile, head * tile.length))
  const length = Math.sqrt(tiles[0].length)
  const shot: Shot = {
    step,
    weights,
    said: Array<string>(length).fill(''),
    probability: new Float32Array(length),
    even: Array<string>(length).fill(''),
  }
  for (const { position, by } of await model.describe(text, { with: interventions })) {
    shot.said[position] = by.text
    shot.probability[position] = by.probability
  }
  const uniform = [...interventions, replacePattern(site, 'uniform')]
  for (const { position, by } of await model.describe(text, { with: uniform })) shot.even[position] = by.text
  return shot
}
