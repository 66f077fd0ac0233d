import { foldSeed, randomUnit } from '../backends/random.js'
import { HeedTypeError, throwIfAborted } from '../errors.js'
import type { CausalModel } from '../models/causal.js'
import { padIds } from '../models/ids.js'
import { type Intervention, matchSites, Run, type SitePattern, unlessEnded } from '../models/run.js'
import { checkOptions } from '../ops/check.js'
import { scope } from '../tensor/scope.js'
import { Recorder } from './recorder.js'
import { cellAt, scan, type ScanOptions } from './scan.js'

export interface RepeatOptions extends ScanOptions {
  /** Random tokens of a sequence, which then comes again. Default 50. */
  length?: number
  /** Sequences. Default 10. */
  sequences?: number
  /** Default 0. */
  seed?: number
  /** Attentions by name or pattern. Default: all. */
  sites?: SitePattern
  with?: readonly Intervention[]
}

/** A head, and the mean of its weights on what followed the same token in the first half. */
export interface RepeatScore {
  readonly site: string
  readonly head: number
  readonly score: number
}

/**
 * How much each head is an induction head on random tokens that come twice, x₀ … x_{L−1} x₀ … x_{L−1}: the mean of
 * w_{i, i−L+1} over i = L − 1 … 2L − 1, as TransformerLens takes it in its main demo (the diagonal of offset 1 − L), after
 * the prefix matching of Olsson et al. 2022. Random tokens have no meaning that a head could go by instead.
 *
 * It differs from the measure `induction`, which is over a text as it is and divides by all of a head's attention; a
 * perfect induction head has 1 here.
 *
 * @throws HeedError `input` for 2 · length tokens that the model does not take; `not-found` for a site that there is not;
 *   `aborted` by the signal; HeedTypeError `option` for counts that are none
 */
export async function inductionOnRepeats(
  model: CausalModel,
  options: RepeatOptions = {},
): Promise<RepeatScore[]> {
  checkOptions('inductionOnRepeats', options, [
    'length',
    'sequences',
    'seed',
    'sites',
    'with',
    'signal',
    'onProgress',
  ])
  const { length = 50, sequences = 10, seed = 0, signal, onProgress, with: interventions } = options
  for (const [name, count] of Object.entries({ length, sequences }))
    if (!(Number.isSafeInteger(count) && count >= 1))
      throw new HeedTypeError('option', `${name} must be a whole number from 1 up, got ${count}`)
  const heads = matchSites(model.sites, options.sites).flatMap((site) =>
    Array.from({ length: model.heads }, (_, head) => ({ site, head, sum: 0 })),
  )
  const sites = [...new Set(heads.map(({ site }) => site))]
  for (let n = 0; n < sequences; n++) {
    throwIfAborted(signal)
    const half = randomTokens(model, length, foldSeed(seed, n))
    using recorder = new Recorder(model, { sites })
    const run = new Run(model, { observers: [recorder], until: sites, with: interventions })
    unlessEnded(() => scope(() => void model.hidden(run, padIds([[...half, ...half]], model.padId))))
    using captured = recorder.capture()
    for (const one of heads) {
      const visit = (i: number, cells: Float32Array, from: number) => {
        if (i >= length - 1) one.sum += cellAt(cells, from, i - length + 1)
      }
      await scan(captured.map(one.site, one.head), [visit], { signal })
    }
    onProgress?.({ done: n + 1, total: sequences })
  }
  return heads.map(({ site, head, sum }) => ({ site, head, score: sum / (sequences * (length + 1)) }))
}

/** Tokens of the vocabulary, each as likely as any other. */
function randomTokens({ tokenizer, net }: CausalModel, count: number, seed: number): number[] {
  const ids = Array.from({ length: net.vocabSize }, (_, id) => id).filter((id) => tokenizer?.has(id) ?? true)
  return Array.from({ length: count }, (_, n) => ids[Math.floor(ids.length * randomUnit(seed, n))])
}
