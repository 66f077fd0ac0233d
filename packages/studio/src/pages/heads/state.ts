import { type Params, wholeNumber } from '../../app/address'
import { readLinks } from '../../app/links'
import { sentenceOf } from '../../app/sentence'
import type { MeasureKey } from '../../engine/heads'
import type { Instead } from '../../engine/heads-worth'

/** A second head beside the first: of the same text, of another text, of another model. */
export type Two = 'heads' | 'texts' | 'models'

/** What stands in the address of this page. Undefined is what the engine chooses. */
export interface HeadsState {
  text: string
  site?: string
  head?: number
  query?: number
  key?: number
  over: 'tokens' | 'words'
  lines: 'down' | 'across'
  /** What bars, order and colour of the squares show. */
  by: MeasureKey
  order: 'layer' | 'measure'
  fill: 'maps' | 'values'
  /** The axes of the scatter. */
  x: MeasureKey
  y: MeasureKey
  /** What is taken away, and what a head gives instead. */
  cut: 'head' | 'link'
  to: Instead
  /** Links between tokens that are forbidden. */
  forbidden: [query: number, key: number][]
  two?: Two
  /** What of the second head is not as in the first. */
  other: { text?: string; model?: string; site?: string; head?: number; query?: number; key?: number }
}

export const measureKeys: readonly MeasureKey[] = [
  'matters',
  'effective',
  'entropy',
  'max',
  'distance',
  'offset',
  'previous',
  'diagonal',
  'first',
  'separators',
  'duplicate',
  'induction',
]

const whole = (text: string | undefined) => wholeNumber(text, 6)
const oneOf = <T extends string>(text: string | undefined, all: readonly T[], otherwise: T): T =>
  all.find((one) => one === text) ?? otherwise

/** Reads an address; what is not understood is as by default. */
export function readState(params: Params): HeadsState {
  const { by, x, y, order, fill, over, lines, cut, to, two } = params
  return {
    text: sentenceOf(params),
    site: params.site,
    head: whole(params.head),
    query: whole(params.q),
    key: whole(params.k),
    over: oneOf(over, ['tokens', 'words'], 'tokens'),
    lines: oneOf(lines, ['down', 'across'], 'down'),
    by: oneOf(by, measureKeys, 'matters'),
    order: oneOf(order, ['layer', 'measure'], 'layer'),
    fill: oneOf(fill, ['maps', 'values'], 'maps'),
    x: oneOf(x, measureKeys, 'effective'),
    y: oneOf(y, measureKeys, 'matters'),
    cut: oneOf(cut, ['head', 'link'], 'head'),
    to: oneOf(to, ['zero', 'mean'], 'zero'),
    forbidden: readLinks(params.forbid),
    two: two === 'heads' || two === 'texts' || two === 'models' ? two : undefined,
    other: {
      text: params.text2,
      model: params.model2,
      site: params.site2,
      head: whole(params.head2),
      query: whole(params.q2),
      key: whole(params.k2),
    },
  }
}

/** The parameters of the second head, all let go. */
export const withoutOther = {
  text2: undefined,
  model2: undefined,
  site2: undefined,
  head2: undefined,
  q2: undefined,
  k2: undefined,
}
