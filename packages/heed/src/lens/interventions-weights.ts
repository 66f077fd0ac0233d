import { backendOf } from '../backends/current.js'
import { HeedError, HeedTypeError } from '../errors.js'
import type { AttentionCall, Intervention, SitePattern } from '../models/run.js'
import type { AttentionOptions } from '../ops/attention-rules.js'
import { attentionScores } from '../ops/attention-scores.js'
import { dense, emptyLike } from '../ops/check.js'
import { tensor } from '../ops/create.js'
import { elementsOf, forEachRow } from '../ops/host.js'
import { type Normalizer, normalizers } from '../ops/normalizers.js'
import { put, zerosFor } from '../ops/put.js'
import { softmax } from '../ops/softmax.js'
import { scope } from '../tensor/scope.js'
import { gigabytes, type Shape, show } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { type HeadOptions, MOST_BYTES } from './interventions.js'
import { at, chosenHeads, HEADS, HEADS_OF_WEIGHTS, putHeads } from './interventions-heads.js'
import { AttentionMap, cellsOf } from './map.js'
import { NormMap } from './norms.js'

/** `uniform` over the keys that a query may see; weights [Tq][Tk], used as they are; or another run's map of the same size. */
export type Pattern = 'uniform' | readonly ArrayLike<number>[] | AttentionMap

/**
 * Puts another pattern in the place of heads' weights; values stay the run's own.
 *
 * - `uniform`: 1/n over the n keys that a query may see, at full speed: queries of zeros score all keys alike.
 * - A matrix [Tq][Tk] of weights, each at least 0, rows of sum 1 (or 0: the query takes nothing). It is used as it is,
 *   beyond any mask. Row i is that of position i.
 * - A map of another run (`captured.map('layers.0.self', 3)`), which must outlive this one. Where it is a single head's
 *   that owns its keys, made under the rules that are in force here, its q and k are put in place, in O(N·d) memory and
 *   to the bit; else its weights are.
 *
 * @throws HeedTypeError `shape` or `option` for a matrix that is none, `option` for a map of norms; in the run: HeedError `not-found` for a site or
 *   head that there is not; `input` for a pattern of another size, naming both; `memory` for weights of more than 1 GB;
 *   HeedTypeError `unsupported` at a site with a sink, where weights are not softmax's alone
 */
export function replacePattern(
  sites: SitePattern,
  pattern: Pattern,
  { heads }: HeadOptions = {},
): Intervention {
  if (pattern === 'uniform')
    return {
      sites,
      attention: (call) => uniform(call, chosenHeads(call.site, heads, call.q.shape[HEADS])),
    }
  if (pattern instanceof NormMap)
    throw new HeedTypeError(
      'option',
      'replacePattern: a map of norms holds no weights: its rows do not sum to 1; take captured.map(site, head)',
    )
  if (!(pattern instanceof AttentionMap)) checkMatrix(pattern)
  return {
    onePass: true,
    sites,
    attention(call) {
      const chosen = chosenHeads(call.site, heads, call.q.shape[HEADS])
      if (!(pattern instanceof AttentionMap)) return given(call, chosen, pattern)
      return queriesAndKeys(call, chosen, pattern) ?? given(call, chosen, pattern)
    },
  }
}

/**
 * Puts another normaliser in softmax's place: one of `normalizers` by name (`sparsemax`, `relu` …), or a function from
 * scores [B, H, Tq, Tk], −∞ where a query may not attend, to weights. It writes the whole map out: for short inputs.
 *
 * @throws HeedTypeError `option` for an unknown name; in the run: HeedError `not-found` for a site or head that there is
 *   not; `memory` for maps of more than 1 GB; HeedTypeError `unsupported` at a site with a sink
 */
export function swapSoftmax(
  sites: SitePattern,
  normalizer: Normalizer | ((scores: Tensor) => Tensor),
  { heads }: HeadOptions = {},
): Intervention {
  const named = typeof normalizer === 'string'
  if (named ? !Object.hasOwn(normalizers, normalizer) : typeof normalizer !== 'function')
    throw new HeedTypeError(
      'option',
      `swapSoftmax: there is no normaliser '${String(normalizer)}'; there are ${Object.keys(normalizers).join(', ')}`,
    )
  const normalize = named ? normalizers[normalizer] : normalizer
  return {
    sites,
    attention(call) {
      checkRoom(call, 'swapSoftmax')
      const chosen = chosenHeads(call.site, heads, call.q.shape[HEADS])
      const weights = normalize(attentionScores(call.q, call.k, call.options))
      return { weights: among(call, weights, chosen) }
    },
  }
}

/** `weights` [B, H, Tq, Tk] in the chosen heads, and in the others what they had. */
function among(call: AttentionCall, weights: Tensor, chosen: readonly number[]): Tensor {
  if (chosen.length === call.q.shape[HEADS]) return weights
  const before = call.weights ?? softmax(attentionScores(call.q, call.k, call.options))
  return putHeads(before, weights, chosen, HEADS_OF_WEIGHTS)
}

function uniform(call: AttentionCall, chosen: readonly number[]): Partial<AttentionCall> {
  const { q, k, options, weights } = call
  const { bias, sink } = options
  if (!weights && !bias && !sink) return { q: putHeads(q, dense(zerosFor(q)), chosen) }
  // Biases and sinks tell keys apart, whatever queries say.
  checkRoom(call, 'replacePattern')
  const even = scope(() => {
    const scores = attentionScores(q, k, options)
    const out = emptyLike(scores)
    forEachRow([scores, out], (x, y) => {
      const seen = x.filter((score) => score !== -Infinity).length
      x.forEach((score, j) => (y[j] = score === -Infinity ? 0 : 1 / seen))
    })
    return out
  })
  return { weights: among(call, even, chosen) }
}

/** Weights of a matrix or map whose rows are positions. */
function given(
  call: AttentionCall,
  chosen: readonly number[],
  pattern: Exclude<Pattern, 'uniform'>,
): Partial<AttentionCall> {
  const {
    site,
    q,
    k,
    places: { first, count },
  } = call
  const [B, Tq, H] = q.shape
  const Tk = k.shape[1]
  const isMap = pattern instanceof AttentionMap
  const [rows, cols] = isMap ? [pattern.rows, pattern.cols] : [pattern.length, pattern[0].length]
  if (rows < first + count || cols !== Tk)
    throw new HeedError(
      'input',
      `replacePattern: a pattern of ${rows} queries × ${cols} keys does not fit ${site}, which here has ${first + count} × ${Tk}; it serves a pass over a text of its own length`,
    )
  checkRoom(call, 'replacePattern')
  const here = isMap ? rowsOf(pattern, first, count) : pattern.slice(first, first + count)
  const map = new Float64Array(Tq * Tk)
  for (let n = 0; n < Tq; n++) map.set(Array.from(here[n % count]), n * Tk)
  const one = tensor(map, [Tq, Tk], { dtype: q.dtype, backend: backendOf(q) })
  const all = one.view([B, H, Tq, Tk], [0, 0, Tk, 1])
  return { weights: among(call, all, chosen) }
}

/** A single head's q and k in the place of the chosen heads'; undefined where they would not give its map. */
function queriesAndKeys(
  { q, k, options, weights }: AttentionCall,
  chosen: readonly number[],
  { parts }: AttentionMap,
): Partial<AttentionCall> | undefined {
  const [{ kept, head, batch }] = parts
  if (parts.length > 1 || weights || kept.weights) return undefined
  // With keys that several query heads share, the others would see the change too.
  if (q.shape[0] > 1 || k.shape[HEADS] !== q.shape[HEADS] || q.device !== kept.q.device) return undefined
  const asOne = ([, T, , D]: Shape) => show([T, D])
  if (asOne(q.shape) !== asOne(kept.q.shape) || asOne(k.shape) !== asOne(kept.k.shape)) return undefined
  const here = rulesOf(options, q)
  if (here === undefined || here !== rulesOf(kept.options, kept.q, batch)) return undefined
  const keyHead = Math.floor((head * kept.k.shape[HEADS]) / kept.q.shape[HEADS])
  const into = (t: Tensor, from: Tensor, h: number) => {
    const by = at(0, batch)(at(HEADS, h)(from))
    return put(
      t,
      chosen.map((to) => ({ at: at(HEADS, to), by })),
    )
  }
  return { q: into(q, kept.q, head), k: into(k, kept.k, keyHead) }
}

/** What rules of two attentions are compared by; undefined where tensors are among them. */
function rulesOf(
  { scale, causal = false, window, lengths, mask, softcap, bias, sink }: AttentionOptions,
  { shape }: Tensor,
  batch = 0,
): string | undefined {
  if (mask || bias || sink) return undefined
  const length = lengths && lengths[lengths.length > 1 ? batch : 0]
  return JSON.stringify([scale ?? shape[3] ** -0.5, causal, window, length, softcap])
}

/** Some rows of a map's weights, written out: the mean of its heads. */
function rowsOf({ parts, cols }: AttentionMap, first: number, count: number): Float64Array[] {
  const out = Array.from({ length: count }, () => new Float64Array(cols))
  for (const part of parts)
    scope(() => {
      const tile = elementsOf(cellsOf(part, [first, first + count], [0, cols], 'weights'))
      out.forEach((row, i) => row.forEach((_, j) => (row[j] += tile[i * cols + j] / parts.length)))
    })
  return out
}

function checkMatrix(rows: readonly ArrayLike<number>[]): void {
  if (!Array.isArray(rows) || rows.length === 0)
    throw new HeedTypeError(
      'option',
      "replacePattern: the pattern must be 'uniform', rows of weights [Tq][Tk], or a map of a capture",
    )
  for (const [i, row] of rows.entries()) {
    if (!Array.isArray(row) && !ArrayBuffer.isView(row))
      throw new HeedTypeError('option', `replacePattern: row ${i} is no list of weights but ${String(row)}`)
    const weights = Array.from(row as ArrayLike<number>)
    if (weights.length !== rows[0].length)
      throw new HeedTypeError(
        'shape',
        `replacePattern: row ${i} has ${weights.length} weights, row 0 has ${rows[0].length}`,
      )
    const wrong = weights.findIndex((w) => !(Number.isFinite(w) && w >= 0))
    if (wrong >= 0)
      throw new HeedTypeError(
        'option',
        `replacePattern: weight [${i}][${wrong}] is ${weights[wrong]}; weights are numbers from 0 up`,
      )
    const sum = weights.reduce((a, b) => a + b, 0)
    if (sum !== 0 && Math.abs(sum - 1) > ROW_SLACK)
      throw new HeedTypeError(
        'option',
        `replacePattern: row ${i} sums to ${Number(sum.toPrecision(6))}; the weights of a query sum to 1, or are all 0`,
      )
  }
}

/** Weights that were rounded to three decimals are weights. */
const ROW_SLACK = 5e-3

function checkRoom({ site, q, k }: AttentionCall, what: string): void {
  const shape = [q.shape[0], q.shape[HEADS], q.shape[1], k.shape[1]]
  const bytes = shape.reduce((a, b) => a * b, q.dtype === 'float64' ? 8 : 4)
  if (bytes > MOST_BYTES)
    throw new HeedError(
      'memory',
      `${what}: it writes out the maps of ${site}, ${show(shape)}, ${gigabytes(bytes)}; at most 1 GB: take a shorter text`,
    )
}
