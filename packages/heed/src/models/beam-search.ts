import { HeedTypeError, throwIfAborted } from '../errors.js'
import { damagedWeights } from './damaged.js'

/** A model that goes on by one token per row; rows · of one sentence, its beams, stand together. */
export interface Stepper {
  /** Takes the last token of every row and gives the probabilities of the next, [rows, vocabulary]. */
  step(tokens: Int32Array): Promise<Float32Array | Float64Array>
  /** New row r continues old row `rows[r]`; new sentence s is old sentence `sentences[s]`, which is absent when all stay. */
  select(rows: Int32Array, sentences: Int32Array | undefined): void
}

export interface SearchOptions {
  /** Hypotheses kept per sentence; 1 is greedy search. */
  beam: number
  /** α of the length penalty. */
  lengthPenalty: number
  /** Per sentence: the most tokens, the end token included. The last may only be the end token. */
  limits: ArrayLike<number>
  bos: number
  eos: number
  /** Tokens that are never chosen. */
  banned: readonly number[]
  /** Called after every step that does not end the search, and waited for. */
  onStep?: (alive: readonly AliveHypothesis[]) => void | Promise<void>
  signal?: AbortSignal
}

/** The best hypothesis of a sentence that has not ended: where several are kept, another may overtake it. */
export interface AliveHypothesis {
  /** Which sentence. */
  index: number
  /** Without the start token. */
  tokens: readonly number[]
  logProb: number
}

export interface Hypothesis {
  /** Without start and end token. */
  tokens: number[]
  /** Σ log p of the tokens and the end token. */
  logProb: number
  /** logProb / penalty(length), the end token counted. */
  score: number
}

/** ((5 + length) / 6)^α (Wu et al. 2016, GNMT, equation 14): without it a sum of log p prefers short outputs. */
export const penalty = (length: number, alpha: number): number => ((5 + length) / 6) ** alpha

interface Beam {
  tokens: number[]
  logProb: number
}

interface Candidate {
  /** Of which beam of the sentence. */
  beam: number
  token: number
  logProb: number
}

interface Sentence {
  index: number
  limit: number
  beams: Beam[]
  finished: number
  best: Hypothesis | undefined
}

/**
 * Beam search over many sentences at once, a hypothesis ending when the end token is among the `beam` best
 * continuations. A sentence is done when `beam` hypotheses have ended, or none that is alive can still win. Of equal
 * candidates the one of the better beam wins, then the one with the smaller id: the result is deterministic.
 * With `beam` 1 this is greedy search.
 *
 * @throws HeedError `aborted` by the signal; `format` when the model's probabilities are not numbers
 */
export async function beamSearch(stepper: Stepper, options: SearchOptions): Promise<Hypothesis[]> {
  const { beam, bos, onStep, signal } = options
  if (!Number.isInteger(beam) || beam < 1)
    throw new HeedTypeError('option', `beam must be a whole number from 1 up, got ${beam}`)
  if (!Number.isFinite(options.lengthPenalty))
    throw new HeedTypeError('option', `lengthPenalty must be a finite number, got ${options.lengthPenalty}`)
  const found: Hypothesis[] = []
  const dead: Beam = { tokens: [bos], logProb: -Infinity }
  let live = Array.from(options.limits, (limit, index): Sentence => {
    // All beams start the same; one of them alive, so that they go apart.
    const beams = Array.from({ length: beam }, (_, i) => (i === 0 ? { tokens: [bos], logProb: 0 } : dead))
    return { index, limit, beams, finished: 0, best: undefined }
  })

  while (live.length > 0) {
    throwIfAborted(signal)
    const last = live.flatMap(({ beams }) => beams.map(({ tokens }) => tokens.at(-1)!))
    const probabilities = await stepper.step(Int32Array.from(last))
    const vocabulary = probabilities.length / last.length

    const rows: number[] = []
    const staying: number[] = []
    live.forEach((sentence, s) => {
      const ahead = bestCandidates(sentence, probabilities, s * beam * vocabulary, vocabulary, options)
      const parents = advance(sentence, ahead, options)
      if (isDone(sentence, options)) return void (found[sentence.index] = sentence.best!)
      staying.push(s)
      rows.push(...parents.map((parent) => s * beam + parent))
    })
    const allStay = staying.length === live.length
    if (staying.length > 0 && !(allStay && rows.every((row, r) => row === r)))
      stepper.select(Int32Array.from(rows), allStay ? undefined : Int32Array.from(staying))
    live = staying.map((s) => live[s])
    if (onStep && live.length > 0) await onStep(live.map(aliveOf))
  }
  return found
}

/** New beams stand in the order of their log p. */
const aliveOf = ({ index, beams: [best] }: Sentence): AliveHypothesis => ({
  index,
  tokens: best.tokens.slice(1),
  logProb: best.logProb,
})

/** The continuations of a sentence, best first: enough that `beam` of them can go on whichever end. */
function bestCandidates(
  { beams, limit }: Sentence,
  probabilities: Float32Array | Float64Array,
  start: number,
  vocabulary: number,
  { beam, eos, banned }: SearchOptions,
): Candidate[] {
  const candidates: Candidate[] = []
  beams.forEach(({ tokens, logProb }, b) => {
    if (logProb === -Infinity) return
    const row = probabilities.subarray(start + b * vocabulary, start + (b + 1) * vocabulary)
    for (const token of banned) row[token] = 0
    // tokens holds the start token: its length is that of the output once the next token is chosen.
    for (const token of tokens.length === limit ? [eos] : topIds(row, beam + 1))
      candidates.push({ beam: b, token, logProb: logProb + Math.log(row[token]) })
  })
  if (candidates.length === 0 || candidates.some(({ logProb }) => Number.isNaN(logProb)))
    throw damagedWeights()
  return candidates.sort((a, b) => b.logProb - a.logProb || a.beam - b.beam || a.token - b.token)
}

/** Ends and extends hypotheses by the candidates, best first. Gives which beam each new beam continues. */
function advance(sentence: Sentence, candidates: readonly Candidate[], options: SearchOptions): number[] {
  const { beam, eos, lengthPenalty } = options
  const next: Beam[] = []
  const parents: number[] = []
  candidates.forEach(({ beam: parent, token, logProb }, rank) => {
    const { tokens } = sentence.beams[parent]
    if (token !== eos) {
      if (next.length === beam || tokens.length === sentence.limit) return
      next.push({ tokens: [...tokens, token], logProb })
      parents.push(parent)
    } else if (rank < beam) {
      const score = logProb / penalty(tokens.length, lengthPenalty)
      sentence.finished++
      if (!sentence.best || score > sentence.best.score)
        sentence.best = { tokens: tokens.slice(1), logProb, score }
    }
  })
  // A vocabulary smaller than the beam leaves places empty.
  while (next.length < beam) {
    next.push({ tokens: next[0]?.tokens ?? sentence.beams[0].tokens, logProb: -Infinity })
    parents.push(parents[0] ?? 0)
  }
  sentence.beams = next
  return parents
}

function isDone({ beams, finished, best, limit }: Sentence, { beam, lengthPenalty }: SearchOptions): boolean {
  if (finished >= beam) return true
  const logProb = Math.max(...beams.map((b) => b.logProb))
  if (logProb === -Infinity) return true
  // log p only falls from here; the most that a penalty can make of it is at one end of the lengths that are left.
  const attainable =
    logProb / Math.max(penalty(beams[0].tokens.length, lengthPenalty), penalty(limit, lengthPenalty))
  return best !== undefined && best.score >= attainable
}

/** The ids of the k largest of `row`, largest first; of equal ones the smaller id first. Only what is above `least` counts. */
export function topIds(row: ArrayLike<number>, k: number, least = 0): number[] {
  const ids: number[] = []
  for (let id = 0; id < row.length; id++) {
    const x = row[id]
    if (!(x > least)) continue // NaN too
    let at = ids.length < k ? ids.length : k - 1
    for (; at > 0 && row[ids[at - 1]] < x; at--) ids[at] = ids[at - 1]
    ids[at] = id
    if (ids.length === k) least = row[ids[k - 1]]
  }
  return ids
}
