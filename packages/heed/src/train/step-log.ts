import { appendText, exists, readFile, writeFileAtomic } from '../io/files.js'
import { decodeUtf8, wholeLines } from '../io/text.js'

/** A line of a file that grows with a run. */
export interface StepRow {
  step: number
}

/** The lines of such a file; one that is not whole, as a crash may leave at the end, is dropped. */
export function parseRows<Row extends StepRow>(text: string): Row[] {
  const rows: Row[] = []
  for (const line of text.split('\n'))
    try {
      const row = JSON.parse(line) as Row | null
      if (typeof row?.step === 'number') rows.push(row)
    } catch {
      continue
    }
  return rows
}

/** The rows of a file that may not be there, and whose last line may be cut. */
export const readRows = async <Row extends StepRow>(path: string): Promise<Row[]> =>
  (await exists(path)) ? parseRows<Row>(decodeUtf8(wholeLines(await readFile(path)), path)) : []

/** Appends to a file with a JSON object per line. */
export class StepLog<Row extends StepRow> {
  private constructor(readonly path: string) {}

  /** Opens the file for a run that goes on: rows that are not to be kept, which it will write again, are dropped. */
  static async open<Row extends StepRow>(path: string, keep: (row: Row) => boolean): Promise<StepLog<Row>> {
    const rows = await readRows<Row>(path)
    await writeFileAtomic(path, rows.filter(keep).map(lineOf).join(''))
    return new StepLog<Row>(path)
  }

  write(row: Row): Promise<void> {
    return appendText(this.path, lineOf(row))
  }
}

const lineOf = (row: StepRow): string => `${JSON.stringify(row)}\n`
