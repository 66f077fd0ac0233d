import type { Plot, PlotAxis, PlotPanel } from 'heed/look'
import type { RunSummary } from 'heed/train'
import { nameOf } from './words.js'

type Row = RunSummary['metrics'][number]

/** The curves of runs on one scale; panels that no run has anything for are left out. */
export function runsPlot(runs: readonly RunSummary[]): Plot {
  const panel = (
    title: string,
    label: string,
    of: (row: Row) => number | undefined,
    range?: PlotAxis['range'],
  ): PlotPanel => ({
    title,
    x: { label: 'step' },
    y: { label, range },
    series: runs.flatMap((run, colour) => {
      const points = run.metrics.flatMap((row) => {
        const y = of(row)
        return y === undefined ? [] : [{ x: row.step, y }]
      })
      return points.length > 0 ? [{ name: nameOf(run), points, colour }] : []
    }),
  })
  const panels = [
    panel('Training loss, smoothed', 'nats per token', ({ smoothedLoss }) => smoothedLoss),
    panel('Validation loss', 'nats per token', ({ validLoss }) => validLoss),
    panel('Validation BLEU', 'BLEU', ({ bleu }) => bleu, [0, 1]),
    panel('Validation perplexity', 'perplexity', ({ perplexity }) => perplexity),
    panel('Gradient norm before clipping', 'norm', ({ norm }) => norm),
    panel('Learning rate', 'rate', ({ rate }) => rate),
  ]
  return { title: finding(runs), panels: panels.filter(({ series }) => series.length > 0) }
}

function finding(runs: readonly RunSummary[]): string {
  const last = ({ last, loss }: RunSummary) =>
    last ? `validation loss ${last.loss.toFixed(3)}` : `training loss ${loss?.toFixed(3) ?? 'unknown'}`
  if (runs.length === 1)
    return `${nameOf(runs[0])}: ${last(runs[0])} after ${runs[0].step.toLocaleString('en')} steps`
  const validated = runs.filter(({ last }) => last)
  const comparable = new Set(runs.map(({ task }) => task)).size === 1
  if (validated.length < 2 || !comparable) return `${runs.length} runs`
  const best = validated.reduce((a, b) => (b.last!.loss < a.last!.loss ? b : a))
  return `Of ${validated.length} validated runs, ${nameOf(best)} ends with the lowest validation loss, ${best.last!.loss.toFixed(3)}`
}
