import type { Token } from '../text/index.js'
import { type CapturedText, sidesOf } from './capture.js'
import { sentenceSpans, type Span, wordSpans } from './gather.js'

/** Tokens of an axis that stand for one thing. */
export interface AxisSpan extends Span {
  /** Added by the model, not by the writer. */
  readonly special: boolean
}

/**
 * The words or sentences on both axes of a site's maps, as `over` of a map takes them. A cross-attention's rows are named
 * after the tokens that they predict: row i is the query that predicts token i + 1, the last one the end.
 */
export function axisSpans(
  { text, output, tokens }: CapturedText,
  site: string,
  unit: 'words' | 'sentences',
): Record<'queries' | 'keys', AxisSpan[]> {
  const spans = unit === 'words' ? wordSpans : sentenceSpans
  const marked = (of: string, all: readonly Token[]): AxisSpan[] =>
    spans(of, all).map((span) => ({
      ...span,
      special: all.slice(span.start, span.end).every(({ start, end }) => start === end),
    }))
  const target = tokens.target ?? []
  const sides = sidesOf(site)
  const of = (side: 'source' | 'target') =>
    side === 'source' ? marked(text, tokens.source) : marked(output ?? '', target)
  if (!site.endsWith('.cross')) {
    const own = of(sides.queries)
    return { queries: own, keys: own }
  }
  const n = target.length
  const end = { start: n - 1, end: n, text: '</s>', special: true }
  return { queries: [...marked(output ?? '', target.slice(1)), end], keys: of(sides.keys) }
}
