import { fixed, signed, weight2 } from 'heed/look'
import { type HeadRow, type MeasureName, measures } from 'heed/lens'

export const measureNames: readonly MeasureName[] = measures.map(({ name }) => name)

/** A value for people: shares as weights, signed where the sign is the point; a dash where a head has none. */
export function writeMeasure(name: MeasureName, value: number | undefined): string {
  if (value === undefined) return '–'
  if (name === 'offset') return signed(value, 1)
  const { unit } = measures.find((measure) => measure.name === name)!
  if (unit === 'share') return weight2(value)
  return fixed(value, unit === 'nats' ? 2 : 1)
}

/** A decimal that says all of a float32. */
const digits = (x: number): number => Number(x.toPrecision(9))

/** Rows for programs: every measure, null where a head has none; lines count from 1. */
export const headsJson = (rows: readonly HeadRow[], texts: readonly string[]) =>
  rows.map(({ site, head, queries, means, top }) => ({
    site,
    head,
    queries,
    measures: Object.fromEntries(
      measureNames.map((name) => [name, means[name] === undefined ? null : digits(means[name])]),
    ),
    texts: top.map(({ text, value, link }) => ({
      line: text + 1,
      text: texts[text],
      value: digits(value),
      link: link && { ...link, weight: digits(link.weight) },
    })),
  }))

/** A line a head; an empty field where a head has no such measure. */
export function headsCsv(rows: readonly HeadRow[]): string {
  const header = ['site', 'head', 'queries', ...measureNames, 'top_line', 'top_value']
  const lines = rows.map(({ site, head, queries, means, top: [first] }) => [
    site,
    head,
    queries,
    ...measureNames.map((name) => (means[name] === undefined ? '' : digits(means[name]))),
    first ? first.text + 1 : '',
    first ? digits(first.value) : '',
  ])
  return [header, ...lines].map((line) => `${line.join(',')}\n`).join('')
}
