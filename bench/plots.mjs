/** Results as line charts: throughput and memory against N, and what a second thread brings. */
import { seconds, share, speedup } from './measures.mjs'

const percentOf = (s) => ({ y: 100 * s.value, low: 100 * s.low, high: 100 * s.high })
const timesOf = (s) => ({ y: s.value, low: s.low, high: s.high })

/** A line for each name that has points. */
const lines = (cases, names, pointOf) =>
  names
    .map((name) => ({
      name,
      points: cases.flatMap((work) => {
        const point = pointOf(work, name)
        return point ? [{ x: work.x, ...point }] : []
      }),
    }))
    .filter(({ points }) => points.length > 1)

const oneThread = (cases) =>
  [...new Set(cases.flatMap(({ contenders }) => contenders))].filter((name) => !name.endsWith('2 threads'))

export const plotFiles = ['throughput.svg', 'threads.svg', 'time.svg', 'memory.svg']

/** Plots that the results have points for: { file, plot }. */
export function plots({ cases }, note) {
  const of = (table) => cases.filter((work) => work.table === table)
  const x = { label: 'tokens', log: true }
  const panel = (title, axis, series) => ({ title, x, y: axis, series })
  const throughput = [
    'Attention',
    'Attention, causal',
    'Attention with its gradients',
    'Square products',
  ].map((name) =>
    panel(
      name,
      { label: '% of the yardstick, one thread', range: [0, 100] },
      lines(of(name), oneThread(of(name)), (work, who) => {
        const s = share(work, who)
        return s && percentOf(s)
      }),
    ),
  )
  const threads = [
    panel(
      'Two threads',
      { label: 'times as fast as one', range: [1, 2] },
      ['Attention', 'Attention, causal', 'Attention with its gradients', 'Square products'].flatMap((name) =>
        lines(of(name), [name], (work) => {
          const s = speedup(work, 'heed, 2 threads', 'heed')
          return s && timesOf(s)
        }),
      ),
    ),
  ]
  const length = of('Length')
  const time = [
    panel('One causal head of width 64', { label: 'seconds', log: true }, [
      ...lines(length, ['heed', 'heed, 2 threads'], (work, who) => {
        const s = seconds(work, who)
        return s && { y: s.value, low: s.low, high: s.high }
      }),
      ...lines(length, ['N²'], (work) => {
        const s = seconds(length.at(-1), 'heed')
        return s && { y: s.value * (work.x / length.at(-1).x) ** 2 }
      }),
    ]),
  ]
  const memory = ['Memory of attention', 'Memory of attention with its gradients'].map((name) =>
    panel(name, { label: 'MB beyond the inputs', log: true }, [
      ...lines(of(name), oneThread(of(name)), (work, who) => {
        const bytes = work.results[who]?.facts?.bytes
        return bytes ? { y: bytes / 2 ** 20 } : undefined
      }),
      ...lines(of(name), ['N × N floats'], (work) => ({ y: (4 * work.H * work.N ** 2) / 2 ** 20 })),
    ]),
  )
  return [
    {
      file: 'throughput.svg',
      plot: { title: 'Share of what one thread can multiply and add', note, panels: throughput },
    },
    { file: 'threads.svg', plot: { title: 'What a second thread brings', note, panels: threads } },
    { file: 'time.svg', plot: { title: 'Time of attention against length', note, panels: time } },
    { file: 'memory.svg', plot: { title: 'Memory of attention against length', note, panels: memory } },
  ]
    .map(({ file, plot }) => ({
      file,
      plot: { ...plot, panels: plot.panels.filter(({ series }) => series.length > 0) },
    }))
    .filter(({ plot }) => plot.panels.length > 0)
}
