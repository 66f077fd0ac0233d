import type { Effect, PredictionChange } from 'heed/lens'
import { fixed, signed, visible, visibleLine } from 'heed/look'
import type { Paint } from './terminal/color.js'
import { table } from './terminal/table.js'

/** A number of 0 to 1 that may be very near to 1. */
const similarity = (x: number) => (x > 0.9995 && x < 1 ? '>.999' : fixed(x, 3))

/** A probability: `<.001` where three decimals would say none. */
const probability = (p: number) => (p > 0 && p < 0.0005 ? '<.001' : fixed(p, 3))

/** An effect as lines for a terminal. */
export function effectLines(effect: Effect, columns: number, style: Paint): string[] {
  const { output, loss, predictions, embedding } = effect
  const rows: string[][] = []
  if (output) {
    const same = output.after === output.before
    rows.push(['output', visibleLine(output.before) || '(empty)'])
    rows.push(['becomes', same ? 'the same' : visibleLine(output.after) || '(empty)'])
  }
  if (loss)
    rows.push([
      'loss',
      `${fixed(loss.before, 3)} → ${fixed(loss.after, 3)} (${signed(loss.after - loss.before, 3)} nats per token)`,
    ])
  if (embedding)
    rows.push(['vector', `cosine ${similarity(embedding.cosine)}, distance ${fixed(embedding.distance, 3)}`])
  const lines = table(rows, {
    columns,
    paint: (text, _, column) => (column === 0 ? style.quiet(text) : text),
  })
  for (const prediction of predictions) lines.push('', ...predictionLines(prediction, columns, style))
  return lines
}

function predictionLines(prediction: PredictionChange, columns: number, style: Paint): string[] {
  const { position, token, candidates, kl, totalVariation } = prediction
  const rows = candidates.map(({ text, before, after }) => [
    visible(text),
    probability(before),
    probability(after),
    signed(after - before, 3),
  ])
  const moved = `KL ${fixed(kl, 3)} nats, ${fixed(100 * totalVariation, 0)} % of the probability moved`
  return [
    style.strong(`What token ${position} (${visible(token)}) predicts: ${moved}`),
    ...table([['', 'before', 'after', 'change'], ...rows], {
      columns,
      align: ['left', 'right', 'right', 'right'],
      paint: (text, row) => (row === 0 ? style.quiet(text) : text),
    }),
  ]
}
