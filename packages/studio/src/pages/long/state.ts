import type { OverviewScale } from 'heed/look'
import type { Params } from '../../app/address'
import type { Pool } from '../../engine/tile'
import { type Frame, type Place, type View, whole, within } from './view'

/** What stands in the address of this page beside the text. */
export interface LongState {
  site?: string
  head: number
  pool: Pool
  scale: OverviewScale
  /** Links of the list are at least so many tokens long. */
  apart: number
  /** The link that is selected. */
  chosen?: Place
  /** Undefined: the whole map. */
  view?: View
}

export const aparts: readonly number[] = [1, 8, 64, 512, 4096]

const number = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : undefined
const pair = (text: string | undefined): [number, number] | undefined => {
  const [query, key, ...rest] = (text ?? '').split('-').map(number)
  return query !== undefined && key !== undefined && rest.length === 0 ? [query, key] : undefined
}

/** Reads an address; what is not understood is as by default. */
export function readState({ site, head, pool, scale, apart, link, at, zoom }: Params): LongState {
  const [chosen, middle, px] = [pair(link), pair(at), number(zoom)]
  return {
    site,
    head: Math.floor(number(head) ?? 0),
    pool: pool === 'mean' ? 'mean' : 'max',
    scale: scale === 'log' ? 'log' : 'linear',
    apart: aparts.find((n) => String(n) === apart) ?? 8,
    ...(chosen && { chosen: { query: Math.floor(chosen[0]), key: Math.floor(chosen[1]) } }),
    ...(middle && px !== undefined && { view: { query: middle[0], key: middle[1], zoom: px } }),
  }
}

const brief = (x: number) => String(Number(x.toFixed(x < 10 ? 3 : 1)))

/** A view as parameters of an address; the whole map needs none. */
export function viewParams(view: View, frame: Frame): Record<'at' | 'zoom', string | undefined> {
  const isWhole = view.zoom <= whole(frame).zoom * 1.001
  return {
    at: isWhole ? undefined : `${brief(view.query)}-${brief(view.key)}`,
    zoom: isWhole ? undefined : String(Number(view.zoom.toPrecision(4))),
  }
}

/** The view of an address in a picture of this size. */
export const viewOf = ({ view }: LongState, frame: Frame): View => (view ? within(view, frame) : whole(frame))
