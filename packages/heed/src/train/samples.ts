import { attentionTile } from '../ops/index.js'
import { type AttentionSeen, type Model, Run, unlessEnded } from '../models/index.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import type { StepRow } from './step-log.js'

/** What the model makes of a text that it was not trained on. */
export interface Sample {
  /** A sentence to translate, or the beginning of a text. */
  source: string
  /** The translation, or how the text goes on. */
  output: string
  /** What a person wrote there. */
  reference: string
}

/** All maps of one attention over one text, which stays the same through a run. */
export interface SampledMap {
  site: string
  /** The tokens of the rows and of the columns. */
  queries: string[]
  keys: string[]
  /** By head, row and column, to three decimals. */
  weights: number[][][]
}

/** What a model does at a step, beside how good it is. */
export interface Samples {
  samples: Sample[]
  /** Absent where no text is short enough to be drawn. */
  map?: SampledMap
}

/** A line of samples.jsonl. */
export interface SamplesRow extends StepRow {
  samples: Sample[]
}
/** A line of attention.jsonl. */
export interface MapRow extends StepRow, SampledMap {}

/** The most tokens of a sampled map's sides: a run draws many. */
export const MAP_TOKENS = 32

/** The weights of every head at one site, [H, Tq, Tk], in a pass over one text. */
export async function weightsAt(
  model: Model,
  site: string,
  pass: (run: Run) => Tensor,
): Promise<SampledMap['weights']> {
  const maps: Tensor[] = []
  const attention = ({ q, k, m, l, options }: AttentionSeen) => {
    for (let head = 0; head < model.heads; head++)
      maps.push(attentionTile({ q, k, m, l, options, head }).keep())
  }
  const run = new Run(model, { observers: [{ sites: site, attention }], until: site })
  try {
    unlessEnded(() => scope(() => pass(run)))
    return await Promise.all(maps.map(rowsOf))
  } finally {
    for (const map of maps) map.dispose()
  }
}

async function rowsOf(map: Tensor): Promise<number[][]> {
  const [rows, columns] = map.shape
  const data = await map.data()
  const rounded = (row: number) => (_: unknown, column: number) =>
    Math.round(1000 * data[row * columns + column]) / 1000
  return Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, rounded(row)))
}
