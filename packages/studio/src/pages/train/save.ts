import { mapSvg, plotSvg, type Role, type Theme } from 'heed/look'
import type { Saving } from '../../app/share.svelte'
import type { MapData } from '../../look/map/map'
import type { Words } from '../../words/words.svelte'
import type { Line, Panel, Told } from './curves'

/** What there is of a run to be saved. */
export interface Saved {
  /** In names of files. */
  name: string
  /** What the picture says it is. */
  title: string
  told: Told
  panels: readonly Panel[]
  steps: number
  map?: MapData
}

const roleOf = ({ colour }: Line): Role | undefined =>
  colour.endsWith('-stroke') ? (colour[0] as Role) : undefined

/** Curves as the library draws them; of a run that lies under another the name says so. */
const curvesSvg = ({ title, panels, steps }: Saved, theme: Theme, say: Words['look']['plot']) =>
  plotSvg(
    {
      title,
      panels: panels.map(({ title, y, lines }) => ({
        title,
        x: { label: say.step, range: [0, steps] },
        y: y.range?.[1] === 0 ? { ...y, range: undefined } : y,
        series: lines.map((line) => ({
          name: line.ghost ? say.before(line.name) : line.name,
          points: line.points,
          ...(roleOf(line) && !line.ghost && { colour: roleOf(line) }),
        })),
      })),
    },
    { theme },
  )

export function savingsOf(saved: Saved, theme: Theme, words: Words): Saving[] {
  const say = words.train.save
  const file = (ending: string) => `heed-${saved.name.replace(/[^\w.-]+/g, '-')}${ending}`
  const { map, title, told } = saved
  return [
    ...(map
      ? [
          {
            name: say.map,
            file: file('-map.svg'),
            type: 'image/svg+xml',
            make: () => mapPicture(map, title, theme),
          },
        ]
      : []),
    {
      name: say.curves,
      file: file('-curves.svg'),
      type: 'image/svg+xml',
      make: () => curvesSvg(saved, theme, words.look.plot),
    },
    { name: say.csv, file: file('.csv'), type: 'text/csv', make: () => csv(told) },
    {
      name: say.json,
      file: file('.json'),
      type: 'application/json',
      make: () => JSON.stringify({ ...told, ...(map && { map: matrixOf(map) }) }),
    },
  ]
}

const rowsOf = ({ queries, keys, weights }: MapData): number[][] =>
  queries.map((_, i) => Array.from(keys, (_, j) => weights[i * keys.length + j]))

const matrixOf = (map: MapData) => ({ queries: map.queryLabels, keys: map.keyLabels, weights: rowsOf(map) })

/** Weights of some normalisers leave 0 to 1: the picture's ramp ends there. */
const mapPicture = (map: MapData, title: string, theme: Theme) =>
  mapSvg(
    {
      title,
      queries: map.queries,
      keys: map.keys,
      weights: rowsOf(map).map((row) => row.map((weight) => Math.max(0, Math.min(1, weight)))),
    },
    { theme },
  )

/** A line for every step, and one for every evaluation. */
export function csv({ steps, evaluations }: Told): string {
  const head = 'step,loss,norm,gradient_q,gradient_k,gradient_v,valid_loss,described,undescribed'
  const cell = (x: number | undefined) => (x === undefined ? '' : String(x))
  const lines = [
    ...evaluations.map(({ step, loss, described, undescribed }) => ({
      step,
      cells: [undefined, undefined, undefined, undefined, undefined, loss, described, undescribed],
    })),
    ...steps.map(({ step, loss, norm, gradients: g }) => ({
      step,
      cells: [loss, norm, g?.query, g?.key, g?.value],
    })),
  ].sort((a, b) => a.step - b.step)
  return (
    [
      head,
      ...lines.map(({ step, cells }) =>
        [step, ...Array.from({ length: 8 }, (_, n) => cell(cells[n]))].join(','),
      ),
    ].join('\n') + '\n'
  )
}
