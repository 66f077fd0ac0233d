import { appendText, exists, readText, writeFileAtomic } from '../io/files.js'

/** A line of metrics.jsonl: after some steps what training did, after an evaluation what it found. */
export interface MetricsRow {
  step: number
  /** Tokens predicted so far, without padding. */
  tokens: number
  /** Of the step's batch, with label smoothing and dropout. */
  loss?: number
  smoothedLoss?: number
  rate?: number
  /** Of the gradient, before clipping. */
  norm?: number
  skipped?: boolean
  /** Since the line before. */
  tokensPerSecond?: number
  /** Without label smoothing and dropout. */
  validLoss?: number
  bleu?: number
  perplexity?: number
  bitsPerByte?: number
  described?: number
  undescribed?: number
}

/** The lines of a metrics file; one that is not whole, as a crash may leave at the end, is dropped. */
export function parseMetrics(text: string): MetricsRow[] {
  const rows: MetricsRow[] = []
  for (const line of text.split('\n'))
    try {
      const row = JSON.parse(line) as MetricsRow | null
      if (typeof row?.step === 'number') rows.push(row)
    } catch {
      continue
    }
  return rows
}

/** Appends to a metrics file. */
export class MetricsLog {
  private constructor(readonly path: string) {}

  /** Opens the file for a run that goes on from `step`: what was written after that is dropped. */
  static async open(path: string, step: number): Promise<MetricsLog> {
    const rows = (await exists(path)) ? parseMetrics(await readText(path)) : []
    await writeFileAtomic(
      path,
      rows
        .filter((row) => row.step <= step)
        .map(lineOf)
        .join(''),
    )
    return new MetricsLog(path)
  }

  write(row: MetricsRow): Promise<void> {
    return appendText(this.path, lineOf(row))
  }
}

const lineOf = (row: MetricsRow): string => `${JSON.stringify(row)}\n`
