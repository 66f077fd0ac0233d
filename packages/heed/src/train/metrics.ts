import type { ProjectionNorms } from './gradient-norms.js'
import { parseRows, type StepRow } from './step-log.js'

/** A line of metrics.jsonl: after some steps what training did, after an evaluation what it found. */
export interface MetricsRow extends StepRow {
  /** Tokens predicted so far, without padding. */
  tokens: number
  /** Of the step's batch, with label smoothing and dropout. */
  loss?: number
  smoothedLoss?: number
  rate?: number
  /** Of the gradient, before clipping. */
  norm?: number
  /** Likewise, of W_Q, W_K and W_V over all attentions. */
  gradients?: ProjectionNorms
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
export const parseMetrics = (text: string): MetricsRow[] => parseRows<MetricsRow>(text)
