import { type DrawnMap, gridSvg, headGroups, linesSvg, mapSvg, textSvg, type Theme } from 'heed/look'
import type { Saving } from '../../app/share.svelte'
import { words } from '../../words/words.svelte'
import { rowOf } from '../../look/numbers'
import { MAX_LINES } from './lines'
import type { Overview } from './overview.svelte'
import type { HeadReading } from './reading.svelte'
import { type HeadsState, measureKeys } from './state'

const rows = (matrix: Float32Array, width: number): Float32Array[] =>
  Array.from({ length: width > 0 ? matrix.length / width : 0 }, (_, i) => rowOf(matrix, i, width))

function drawn({ view }: HeadReading): DrawnMap {
  const said = words.now.heads
  const weights = rows(view.weights, view.columns.length)
  return {
    title: `${words.now.site.title(view.site)} · ${said.head(view.head)}`,
    ...(view.ofPredicted && { note: said.view.predicted }),
    queries: view.queries,
    keys: view.keys,
    // Sums over words may pass 1 by rounding.
    weights: weights.map((row) => row.map((weight) => Math.max(0, Math.min(1, weight)))),
  }
}

/** All heads as a picture, with the measure as bars. */
function grid(overview: Overview, state: HeadsState, theme: Theme): string {
  const { view } = overview
  const said = words.now.heads
  const maps = view.heads.map((head) => ({
    site: head.site,
    head: head.head,
    queries: 'source' as const,
    keys: 'source' as const,
    weights: rows(head.cells, head.columns),
    // Bars of a picture begin at 0: what is less than nothing has none.
    value: Math.max(0, overview.value(head, state.by) ?? 0),
  }))
  const max = overview.scale(state.by).to
  return gridSvg(
    {
      title: said.grid.title(view.heads.length),
      note: said.says[state.by],
      groups: headGroups({ maps }, ({ value }) => value),
      measure: { name: said.names[state.by], max },
    },
    { theme, order: state.order },
  )
}

/** Every head with every measure, a line each. */
export function measuresCsv(overview: Overview): string {
  const lines = overview.view.heads.map((head) =>
    [head.site, head.head, ...measureKeys.map((key) => overview.value(head, key) ?? '')].join(','),
  )
  return [`site,head,${measureKeys.join(',')}`, ...lines].join('\n') + '\n'
}

const json = ({ view, forbidden }: HeadReading) =>
  JSON.stringify({
    text: view.text,
    output: view.output,
    site: view.site,
    head: view.head,
    measures: view.means,
    forbidden,
    queries: view.queries.map(({ text }) => text),
    keys: view.keys.map(({ text }) => text),
    weights: rows(view.weights, view.columns.length).map((row) => [...row]),
  })

/** What this page gives as files. */
export function savingsOf(
  reading: HeadReading,
  overview: Overview | undefined,
  state: HeadsState,
  theme: Theme,
): Saving[] {
  const said = words.now.heads.save
  const { view } = reading
  const svg = (name: string, ending: string, make: () => string): Saving => ({
    name,
    file: `heed-${view.site}-${view.head}${ending}.svg`,
    type: 'image/svg+xml',
    make,
  })
  const isShort = Math.max(view.rows.length, view.columns.length) <= MAX_LINES
  return [
    svg(said.map, '', () => mapSvg(drawn(reading), { theme })),
    ...(isShort
      ? [
          svg(said.lines, '-lines', () =>
            linesSvg(drawn(reading), {
              theme,
              query: reading.query,
              layout: state.lines === 'down' ? 'vertical' : 'horizontal',
            }),
          ),
        ]
      : []),
    svg(said.text, '-text', () => textSvg(drawn(reading), { theme, query: reading.query })),
    {
      name: said.numbers,
      file: `heed-${view.site}-${view.head}.json`,
      type: 'application/json',
      make: () => json(reading),
    },
    ...(overview
      ? [
          {
            name: said.heads,
            file: 'heed-heads.svg',
            type: 'image/svg+xml',
            make: () => grid(overview, state, theme),
          },
          {
            name: said.measures,
            file: 'heed-heads.csv',
            type: 'text/csv',
            make: () => measuresCsv(overview),
          },
        ]
      : []),
  ]
}
