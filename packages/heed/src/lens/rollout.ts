import { HeedError } from '../errors.js'
import { matchSites, type SitePattern } from '../models/run.js'
import { checkOptions } from '../ops/check.js'
import type { Capture } from './capture.js'
import type { AttentionMap } from './map.js'
import { scan, type ScanOptions } from './scan.js'

export interface RolloutOptions extends ScanOptions {
  /** Positions to follow back from the last layer. */
  queries: readonly number[]
  /** Self-attentions of one stack of layers. Default: `layers.*.self`, or an encoder-decoder's `encoder.*.self`. */
  sites?: SitePattern
  /** Which row of the batch, where the pass had several. Default 0. */
  batch?: number
}

/**
 * Attention rollout: how much of each position of the first layer's input is in a position of the last layer's output, if
 * all that a layer did were A = ½ · (the mean of its heads' maps) + ½ · I, rows scaled to sum 1, and the answer is row
 * `query` of A_L ⋯ A_1 ("Quantifying Attention Flow in Transformers", Abnar & Zuidema 2020, section 3). For each query a
 * row vector goes through the layers from the last to the first, block by block of each map: no N×N matrix is made.
 *
 * It says nothing of values, of feed-forward networks, or of how much a layer adds to the residual stream.
 *
 * @returns a vector [T] a query, which sums to 1
 * @throws HeedError `not-found` for a site or position that is not here; `input` where sites are not self-attentions of
 *   one stack, or hold rows of some positions only; `aborted` by the signal
 */
export async function rollout(captured: Capture, options: RolloutOptions): Promise<Float32Array[]> {
  checkOptions('rollout', options, ['queries', 'sites', 'batch', 'signal', 'onProgress'])
  const { queries, batch = 0, signal, onProgress } = options
  const maps = stackOf(captured, options.sites).map((sites) => captured.mean({ sites, batch }))
  const size = maps[0].cols
  const part = maps.find(({ rows, cols }) => rows !== cols)
  if (part)
    throw new HeedError(
      'input',
      `rollout needs a row for every position, ${part.parts[0].kept.site} has ${part.rows} of ${part.cols}; capture() the whole text in one pass`,
    )
  const wrong = queries.find((query) => !(Number.isInteger(query) && query >= 0 && query < size))
  if (wrong !== undefined)
    throw new HeedError('not-found', `there is no position ${wrong}; there are 0 to ${size - 1}`)
  let shares: Float64Array[] = queries.map((query) => {
    const share = new Float64Array(size)
    share[query] = 1
    return share
  })
  const total = maps.length * size
  for (const [n, map] of maps.toReversed().entries()) {
    const step = {
      signal,
      onProgress: ({ done }: { done: number }) => onProgress?.({ done: n * size + done, total }),
    }
    shares = await back(map, shares, step)
  }
  return shares.map((share) => Float32Array.from(share))
}

/** Each vector times ½ A + ½ I, rows scaled to sum 1. */
async function back(
  map: AttentionMap,
  shares: readonly Float64Array[],
  options: ScanOptions,
): Promise<Float64Array[]> {
  const before = shares.map(() => new Float64Array(map.cols))
  const visit = (i: number, cells: Float32Array, from: number) => {
    let sum = 1
    for (const w of cells) sum += w
    shares.forEach((share, n) => {
      const part = share[i] / sum
      if (part === 0) return
      const row = before[n]
      row[i] += part
      for (let j = 0; j < cells.length; j++) row[from + j] += part * cells[j]
    })
  }
  await scan(map, [visit], options)
  return before
}

function stackOf(captured: Capture, wanted: SitePattern | undefined): string[] {
  const all = captured.sites
  const stack = (name: string) => all.filter((site) => site.startsWith(`${name}.`) && site.endsWith('.self'))
  const sites = wanted
    ? matchSites(all, wanted)
    : [stack('layers'), stack('encoder')].find((s) => s.length > 0)
  if (!sites)
    throw new HeedError(
      'not-found',
      `the capture has no self-attentions of layers or encoder; it has ${all.join(', ') || 'none'}`,
    )
  const stacks = new Set(sites.map((site) => site.split('.')[0]))
  const other = sites.find((site) => !site.endsWith('.self'))
  if (other || stacks.size > 1)
    throw new HeedError(
      'input',
      `rollout follows self-attentions of one stack, got ${other ?? [...stacks].join(' and ')}; name sites such as encoder.*.self`,
    )
  return sites
}
