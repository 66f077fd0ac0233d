import { type DrawnMap, mapSvg, textSvg, type Theme, weight2 } from 'heed/look'
import type { Saving } from '../../app/share.svelte'
import type { Reading } from './reading.svelte'
import { rowOf } from '../../look/numbers'
import { words } from '../../words/words.svelte'

/** The map as it is now, with its changes named. */
function drawn(reading: Reading): DrawnMap {
  const { view, changes, state } = reading
  const { Tq, Tk } = view.sizes
  const weights = Array.from({ length: Tq }, (_, i) => rowOf(view.now.weights, i, Tk))
  const { scale, temperature, normalizer, mask, forbidden = [] } = state.changes
  const { save: said, map, readout } = words.now.step
  const named = [
    !scale && readout.unscaled,
    temperature !== 1 && said.temperature(temperature),
    normalizer !== 'softmax' && normalizer,
    mask !== 'own' && said.mask(map.masks[mask]),
    forbidden.length > 0 && said.forbidden(forbidden.length),
  ].filter((part) => typeof part === 'string')
  const notes = [
    view.isPredicted ? map.rows : undefined,
    changes > 0 ? said.changed(named) : undefined,
  ].filter((part) => part !== undefined)
  return {
    title: said.title(words.now.site.title(view.site), view.head),
    ...(notes.length > 0 && { note: notes.join('; ') }),
    queries: view.queries,
    keys: view.keys,
    // Normalisers whose rows are no shares leave the ramp at its ends.
    weights: weights.map((row) => row.map((weight) => Math.max(0, Math.min(1, weight)))),
  }
}

const fileOf = ({ view }: Reading, ending: string) => `heed-${view.site}-${view.head}${ending}`

export const mapSaving = (reading: Reading, theme: Theme): Saving => ({
  name: words.now.step.save.map,
  file: fileOf(reading, '.svg'),
  type: 'image/svg+xml',
  make: () => mapSvg(drawn(reading), { theme }),
})

/** All that this page gives as files. */
export const savingsOf = (reading: Reading, theme: Theme): Saving[] => [
  mapSaving(reading, theme),
  {
    name: words.now.step.save.sentence,
    file: fileOf(reading, '-text.svg'),
    type: 'image/svg+xml',
    make: () => textSvg({ ...drawn(reading), title: finding(reading) }, { theme, query: reading.query }),
  },
  {
    name: words.now.step.save.csv,
    file: fileOf(reading, '.csv'),
    type: 'text/csv',
    make: () => csv(reading),
  },
  {
    name: words.now.step.save.json,
    file: fileOf(reading, '.json'),
    type: 'application/json',
    make: () => json(reading),
  },
]

const finding = ({ queryLabels, keyLabels, query, top, row }: Reading) =>
  words.now.step.save.finding(queryLabels[query], keyLabels[top], weight2(Math.max(0, row.weights[top])))

/** Every link with the steps that made it. */
function csv({ view, queryLabels, keyLabels }: Reading): string {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  const { products, scaled, scores, weights } = view.now
  const lines = queryLabels.flatMap((query, i) =>
    keyLabels.map((key, j) => {
      const at = i * view.sizes.Tk + j
      return [i, j, quoted(query), quoted(key), products[at], scaled[at], scores[at], weights[at]].join(',')
    }),
  )
  return ['query,key,query_token,key_token,product,scaled,score,weight', ...lines].join('\n') + '\n'
}

function json({ view, state }: Reading): string {
  const rows = (matrix: Float32Array, width: number) =>
    Array.from({ length: matrix.length / width }, (_, i) => Array.from(rowOf(matrix, i, width)))
  const { Tk, d, dv } = view.sizes
  return JSON.stringify({
    text: state.text,
    site: view.site,
    head: view.head,
    changes: state.changes,
    scale: view.scale,
    queries: view.queries.map(({ text }) => text),
    keys: view.keys.map(({ text }) => text),
    weights: rows(view.now.weights, Tk),
    q: rows(view.q, d),
    k: rows(view.k, d),
    v: rows(view.v, dv),
    output: rows(view.now.out, dv),
  })
}
