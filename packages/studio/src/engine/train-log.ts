import { HeedError } from 'heed'
import {
  type MapRow,
  type MetricsRow,
  parseMetrics,
  parseRows,
  type RunSummary,
  type SamplesRow,
  type Validation,
} from 'heed/train'
import type { Context } from './rpc'

/** A line of runs.json: a run of `heed train` that the server gives to look at. */
export interface RunEntry extends Pick<RunSummary, 'state' | 'message' | 'task' | 'step' | 'steps'> {
  name: string
  /** Its folder, relative to the page. */
  address: string
}

/** A map that a run wrote at an evaluation; weights [heads, queries, keys]. */
export interface LoggedMap {
  step: number
  site: string
  queries: string[]
  keys: string[]
  heads: number
  weights: Float32Array
}

/** All that a run has written so far. */
export interface RunLog extends Pick<
  RunSummary,
  'task' | 'state' | 'message' | 'steps' | 'parameters' | 'metrics'
> {
  evaluations: Validation[]
  maps: LoggedMap[]
  samples: SamplesRow[]
}

async function text(address: string, signal: AbortSignal): Promise<string | undefined> {
  let response: Response
  try {
    response = await fetch(address, { signal, cache: 'no-cache' })
  } catch (cause) {
    throw new HeedError('network', `${address} does not come; is heed studio still running?`, { cause })
  }
  if (response.status === 404) return undefined
  if (!response.ok) throw new HeedError('network', `${address}: the server answers ${response.status}`)
  return response.text()
}

/** The runs of this server; undefined where it gives none, as a static site does. */
export async function runs(address: string, { signal }: Context): Promise<RunEntry[] | undefined> {
  const json = await text(address, signal)
  return json?.trimStart().startsWith('[') ? (JSON.parse(json) as RunEntry[]) : undefined
}

/** Reads a run anew: what has not changed is not sent again (ETag). */
export async function runLog(
  { name, address }: { name: string; address: string },
  { signal }: Context,
): Promise<RunLog> {
  const read = (file: string) => text(new URL(file, address).href, signal)
  const [info, status, metrics, maps, samples] = await Promise.all(
    ['run.json', 'status.json', 'metrics.jsonl', 'attention.jsonl', 'samples.jsonl'].map(read),
  )
  if (info === undefined && metrics === undefined)
    throw new HeedError('not-found', `there is no run ${name} any more`)
  const { task, steps, parameters } = JSON.parse(info ?? '{}') as Partial<RunLog>
  const { state = 'unknown', message } = JSON.parse(status ?? '{}') as Partial<RunLog>
  const rows = parseMetrics(metrics ?? '')
  return {
    task,
    steps,
    parameters,
    state,
    message,
    metrics: rows.filter(({ loss }) => loss !== undefined),
    evaluations: rows.flatMap((row) => (row.validLoss === undefined ? [] : [evaluated(row, row.validLoss)])),
    maps: parseRows<MapRow>(maps ?? '').map(logged),
    samples: parseRows<SamplesRow>(samples ?? ''),
  }
}

const evaluated = (row: MetricsRow, loss: number): Validation => {
  const { step, bleu, perplexity, described, undescribed } = row
  return { step, loss, bleu, perplexity, described, undescribed }
}

const logged = ({ step, site, queries, keys, weights }: MapRow): LoggedMap => ({
  step,
  site,
  queries,
  keys,
  heads: weights.length,
  weights: Float32Array.from(weights.flat(2)),
})
