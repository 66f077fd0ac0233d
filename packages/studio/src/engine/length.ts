import type { OpenModel } from './models'

/** The text has more tokens than can be shown. */
export interface TooLong {
  kind: 'too-long'
  tokens: number
  limit: number
  /** Why: the model reads no more, or this page shows no more. */
  of: 'model' | 'page'
  /** Where the text may be cut, as an offset. */
  cut: number
}

/**
 * Whether a text has more tokens than the model reads, or than a page shows (`most`), and where it may be cut.
 *
 * @returns undefined where it fits
 */
export function tooLong({ model, info }: OpenModel, text: string, most: number): TooLong | undefined {
  const tokens = model.sourceTokens(text)
  const limit = Math.min(most, info.limit)
  if (tokens.length <= limit) return undefined
  // Special tokens at the end stay: the text gives up as many of its own.
  const specials = tokens.filter(({ start, end }) => start === end).length
  const own = tokens.filter(({ start, end }) => start < end)
  const last = own[Math.max(0, limit - specials - 1)]
  return {
    kind: 'too-long',
    tokens: tokens.length,
    limit,
    of: info.limit <= most ? 'model' : 'page',
    cut: last?.end ?? 0,
  }
}
