import type { PageData, PageHead } from './data.js'

/** One head with its arrays: q `[Tq, D]`, k `[Tk, D]`, m and l `[Tq]`, bias `[Tq, Tk]`. */
export interface Head extends Omit<PageHead, 'q' | 'k' | 'm' | 'l' | 'bias'> {
  Tq: number
  Tk: number
  D: number
  q: Float32Array
  k: Float32Array
  m: Float32Array
  l: Float32Array
  bias?: Float32Array
}

/** A map in blocks of `factor` × `factor` weights: of each the largest, and where it is (`i · Tk + j`). */
export interface Blocks {
  factor: number
  height: number
  width: number
  largest: Float32Array
  at: Int32Array
  /** Rows of blocks that are computed. */
  done: number
}

/** How one weight comes about. */
export interface Steps {
  dot: number
  scaled: number
  capped?: number
  bias?: number
  /** The score less the row's largest. */
  less: number
  exponential: number
  sum: number
  weight: number
  allowed: boolean
}

export type Maths = ReturnType<typeof maths>

/**
 * The arithmetic of the page: every weight from q, k, m and ℓ alone, w_ij = exp(s_ij − m_i) / ℓ_i. It needs nothing from
 * outside itself, so that its source text can be a page's script.
 */
export function maths() {
  function floats(base64: string): Float32Array {
    return new Float32Array(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)).buffer)
  }

  function headOf(data: PageData, number: number): Head {
    const head = data.heads[number]
    const { queries, keys } = data.axes[head.axes]
    const array = (n: number) => floats(data.arrays[n])
    const q = array(head.q)
    return {
      ...head,
      Tq: queries.length,
      Tk: keys.length,
      D: q.length / queries.length,
      q,
      k: array(head.k),
      m: array(head.m),
      l: array(head.l),
      bias: head.bias === undefined ? undefined : array(head.bias),
    }
  }

  /** Whether query i may see key j. */
  function allowed(head: Head, i: number, j: number): boolean {
    const { causal, window, length = head.Tk, bias } = head
    const at = i + (causal ?? head.Tk - head.Tq)
    if (j >= length || (causal !== undefined && j > at)) return false
    if (window && (j < at - (window[0] ?? Infinity) || j > at + (window[1] ?? Infinity))) return false
    return bias?.[i * head.Tk + j] !== -Infinity
  }

  function dot({ q, k, D }: Head, i: number, j: number): number {
    let sum = 0
    for (let d = 0, a = i * D, b = j * D; d < D; d++) sum += q[a + d] * k[b + d]
    return sum
  }

  function score(head: Head, i: number, j: number): number {
    const { scale, softcap, bias, Tk } = head
    const scaled = scale * dot(head, i, j)
    const capped = softcap === undefined ? scaled : softcap * Math.tanh(scaled / softcap)
    return bias === undefined ? capped : capped + bias[i * Tk + j]
  }

  function weight(head: Head, i: number, j: number): number {
    const sum = head.l[i]
    return sum > 0 && allowed(head, i, j) ? Math.exp(score(head, i, j) - head.m[i]) / sum : 0
  }

  function row(head: Head, i: number): Float64Array {
    return Float64Array.from({ length: head.Tk }, (_, j) => weight(head, i, j))
  }

  function steps(head: Head, i: number, j: number): Steps {
    const { scale, softcap, bias, m, l, Tk } = head
    const product = dot(head, i, j)
    const less = score(head, i, j) - m[i]
    return {
      dot: product,
      scaled: scale * product,
      capped: softcap === undefined ? undefined : softcap * Math.tanh((scale * product) / softcap),
      bias: bias?.[i * Tk + j],
      less,
      exponential: Math.exp(less),
      sum: l[i],
      weight: weight(head, i, j),
      allowed: allowed(head, i, j) && l[i] > 0,
    }
  }

  function blocks({ Tq, Tk }: Head, factor: number): Blocks {
    const [height, width] = [Math.ceil(Tq / factor), Math.ceil(Tk / factor)]
    const size = height * width
    return { factor, height, width, largest: new Float32Array(size), at: new Int32Array(size), done: 0 }
  }

  /** Computes one more row of blocks. */
  function nextBlocks(head: Head, into: Blocks): void {
    const { factor, width, largest, at } = into
    const start = into.done * factor
    for (let i = start; i < Math.min(head.Tq, start + factor); i++)
      for (let j = 0; j < head.Tk; j++) {
        const w = weight(head, i, j)
        const block = into.done * width + Math.floor(j / factor)
        if (w > largest[block] || (i === start && j % factor === 0)) {
          largest[block] = w
          at[block] = i * head.Tk + j
        }
      }
    into.done++
  }

  /** How many keys a row that is spread evenly over them would have: e to the power of its entropy. */
  function effectiveKeys(weights: ArrayLike<number>): number {
    let entropy = 0
    for (let j = 0; j < weights.length; j++) if (weights[j] > 0) entropy -= weights[j] * Math.log(weights[j])
    return Math.exp(entropy)
  }

  /** The number of the largest; 0 where all are zero. */
  function strongest(weights: ArrayLike<number>): number {
    let best = 0
    for (let j = 1; j < weights.length; j++) if (weights[j] > weights[best]) best = j
    return best
  }

  /** As the library writes numbers: a true minus, and powers from a thousand on. */
  function fixed(x: number, decimals = 2): string {
    if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x < 0 ? '\u2212∞' : '∞'
    let digits = Math.abs(x).toFixed(decimals)
    if (Number(digits) >= 1000) {
      const [mantissa, exponent] = Math.abs(x).toExponential(1).split('e')
      digits = `${mantissa}·10${[...exponent.replace('+', '')].map((n) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(n)]).join('')}`
    }
    return x < 0 && Number(digits) !== 0 ? `\u2212${digits}` : digits
  }

  function weight3(w: number): string {
    return w > 0 && w < 0.0005 ? '<.001' : fixed(w, 3)
  }

  /** A weight in a cell: '.62', '1', and nothing below `from`. */
  function weightInCell(w: number, from = 0.1): string {
    return w < from ? '' : w.toFixed(2).replace(/^0|\.00$/g, '')
  }

  /** A weight's colour on the stops of a ramp from 0 to 1, as red, green and blue. */
  function along(stops: readonly (readonly number[])[], t: number): number[] {
    const x = Math.min(1, Math.max(0, t)) * (stops.length - 1)
    const i = Math.min(stops.length - 2, Math.floor(x))
    return stops[i].map((c, channel) => Math.round(c + (x - i) * (stops[i + 1][channel] - c)))
  }

  return {
    headOf,
    allowed,
    weight,
    row,
    steps,
    blocks,
    nextBlocks,
    effectiveKeys,
    strongest,
    fixed,
    weight3,
    weightInCell,
    along,
  }
}
