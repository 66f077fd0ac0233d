import { afterAll, describe, expect, it } from 'vitest'
import { ReferenceBackend } from '../backends/reference/index.js'
import { WasmBackend } from '../backends/wasm/index.js'
import { type ErrorCode, HeedError, HeedTypeError } from '../errors.js'
import { liveTensors, type Tensor } from '../tensor/index.js'
import { held } from '../testing/index.js'
import {
  attention,
  type AttentionOptions,
  attentionTile,
  type AttentionTileOptions,
  attentionWithStats,
  type CreateOptions,
  zeros,
} from './index.js'

/*
 * Wrong calls and what their user reads: what was wrong, with the values, and what to do. Each differs in one thing from
 * a right one with B = 2, Tq = 3, Tk = 5, H = 4, Hkv = 2 and D = 8.
 */

const backend = new ReferenceBackend()
const [wasm, wasm2] = [new WasmBackend({ threads: 1 }), new WasmBackend({ threads: 1 })]
afterAll(() => [wasm, wasm2].forEach((b) => b.dispose()))

/** What the tables below are made of, freed behind the last test. */
const made: Tensor[] = []
afterAll(() => made.forEach((t) => t.dispose()))
const make = (shape: number[], options: CreateOptions = {}) => {
  made.push(zeros(shape, { backend, ...options }))
  return made.at(-1)!
}
const float64 = (shape: number[]) => make(shape, { dtype: 'float64' })
const int32 = (shape: number[]) => make(shape, { dtype: 'int32' })
const bool = (shape: number[]) => make(shape, { dtype: 'bool' })
const onWasm = (shape: number[]) => make(shape, { backend: wasm })
const freed = (t: Tensor) => (t.dispose(), t)

const q = make([2, 3, 4, 8])
const [k, v] = [make([2, 5, 2, 8]), make([2, 5, 2, 8])]
const [m, l] = [make([2, 4, 3]), make([2, 4, 3])]
const relative = make([8, 4])

/** What differs from the right call, the error's code, and its message behind the op's name. */
type Wrong = [given: object, code: ErrorCode, message: string]

const makeOne = 'make one with tensor(data, shape)'
const copy = 'copy with tensor(await t.data(), t.shape, { backend })'
const keep = 'return it from its scope or keep() it'
const known = 'scale, causal, window, lengths, mask, softcap, bias, sink'

/** Shapes that do not fit: the message gives all three. */
function misfit(problem: string, differing: Record<string, readonly number[]>): Wrong {
  const all = { q: q.shape, k: k.shape, v: v.shape, ...differing }
  const shown = Object.entries(all).map(([name, shape]) => `${name} [${shape.join(', ')}]`)
  const given = Object.fromEntries(Object.entries(differing).map(([name, shape]) => [name, make([...shape])]))
  return [given, 'shape', `${problem}: ${shown.join(', ')}`]
}

/** q, k or v. */
const tensors: Wrong[] = [
  [{ q: null }, 'dtype', `q must be a tensor, got null; ${makeOne}`],
  [{ k: undefined }, 'dtype', `k must be a tensor, got undefined; ${makeOne}`],
  [{ k: [1, 2, 3] }, 'dtype', `k must be a tensor, got [1, 2, 3]; ${makeOne}`],
  [{ v: 1.5 }, 'dtype', `v must be a tensor, got 1.5; ${makeOne}`],
  [{ v: new Float32Array(160) }, 'dtype', `v must be a tensor, got Float32Array; ${makeOne}`],
  [{ q: Promise.resolve(q) }, 'dtype', `q must be a tensor, got Promise; ${makeOne}`],
  [{ q: { shape: [2, 3, 4, 8] } }, 'dtype', `q must be a tensor, got { shape }; ${makeOne}`],
  [{ q: int32([2, 3, 4, 8]) }, 'dtype', 'q must be float, got int32 [2, 3, 4, 8]'],
  [{ v: bool([2, 5, 2, 8]) }, 'dtype', 'v must be float, got bool [2, 5, 2, 8]'],
  [{ k: float64([2, 5, 2, 8]) }, 'dtype', 'q is float32 but k is float64; use one of them'],
  [{ k: onWasm([2, 5, 2, 8]) }, 'backend', `q is on reference but k on wasm; ${copy}`],
  [{ q: freed(make([2, 3, 4, 8])) }, 'disposed', `q: this float32 tensor [2, 3, 4, 8] was disposed; ${keep}`],
  [{ v: freed(make([2, 5, 2, 8])) }, 'disposed', `v: this float32 tensor [2, 5, 2, 8] was disposed; ${keep}`],
  misfit('q must be [B, T, H, D]', { q: [3, 4, 8] }),
  misfit('v must be [B, T, H, D]', { v: [2, 5, 2, 8, 1] }),
  misfit('the batch sizes differ', { k: [1, 5, 2, 8] }),
  misfit('the batch sizes differ', { v: [3, 5, 2, 8] }),
  misfit('q and k must share D', { k: [2, 5, 2, 7] }),
  misfit('D must be at least 1', { q: [2, 3, 4, 0], k: [2, 5, 2, 0] }),
  misfit('k and v must share time and heads', { v: [2, 6, 2, 8] }),
  misfit('k and v must share time and heads', { v: [2, 5, 4, 8] }),
  misfit('5 query heads are not a multiple of 2 key heads', { q: [2, 3, 5, 8] }),
  misfit('4 query heads are not a multiple of 0 key heads', { k: [2, 5, 0, 8], v: [2, 5, 0, 8] }),
]

const scales = 'scale must be a number from -1e+30 to 1e+30'
const softcaps = 'softcap must be a number from 1e-30 to 1e+30 (leave it out for none)'
const windows = 'window must be [left, right], each a whole number from 0 up or Infinity'
const offsets = 'causal.offset must be whole numbers from -2147483648 to 2147483647'
const starts = 'causal.offset must be a number or an array of 2, one per batch'
const batches = 'lengths must be an array of 2, one per batch'
const maps = '[B, H, Tq, Tk] = [2, 4, 3, 5]; sizes must match or, all but Tk, be 1'
const distances = 'bias.maxDistance must be a whole number above 2, up to which 8 buckets are exact'
const masks = 'true means may attend, and numbers to add are a bias'

/** One option. */
const options: Wrong[] = [
  [{ casual: true }, 'option', `there is no option 'casual', only ${known}`],
  [{ dropout: undefined }, 'option', `there is no option 'dropout', only ${known}`],
  ...known
    .split(', ')
    .map((name): Wrong => [{ [name]: null }, 'option', `${name} is null; leave it out for its default`]),

  [{ scale: NaN }, 'option', `${scales}, got NaN`],
  [{ scale: Infinity }, 'option', `${scales}, got Infinity`],
  [{ scale: '0.5' }, 'option', `${scales}, got "0.5"`],
  [{ scale: 1e39 }, 'option', `${scales}, got 1e+39`],
  [{ softcap: 0 }, 'option', `${softcaps}, got 0`],
  [{ softcap: -1 }, 'option', `${softcaps}, got -1`],
  [{ softcap: NaN }, 'option', `${softcaps}, got NaN`],
  [{ softcap: Infinity }, 'option', `${softcaps}, got Infinity`],
  [{ softcap: 1e-40 }, 'option', `${softcaps}, got 1e-40`],
  [{ softcap: true }, 'option', `${softcaps}, got true`],

  [{ causal: 'yes' }, 'option', 'causal must be true, false or { offset }, got "yes"'],
  [{ causal: 1 }, 'option', 'causal must be true, false or { offset }, got 1'],
  [{ causal: [0, 0] }, 'option', 'causal must be true, false or { offset }, got [0, 0]'],
  [{ causal: { ofset: 1 } }, 'option', "there is no option 'causal.ofset', only causal.offset"],
  [{ causal: { offset: 0.5 } }, 'option', `${offsets}, got 0.5`],
  [{ causal: { offset: NaN } }, 'option', `${offsets}, got NaN`],
  [{ causal: { offset: 2 ** 31 } }, 'option', `${offsets}, got 2147483648`],
  [{ causal: { offset: [1, '2'] } }, 'option', `${offsets}, got "2"`],
  [{ causal: { offset: [1, 2, 3] } }, 'option', `${starts}, got [1, 2, 3]`],
  [{ causal: { offset: null } }, 'option', `${starts}, got null`],

  [{ window: 3 }, 'option', `${windows}, got 3`],
  [{ window: [1] }, 'option', `${windows}, got [1]`],
  [{ window: [-1, 0] }, 'option', `${windows}, got [-1, 0]`],
  [{ window: [0, 0.5] }, 'option', `${windows}, got [0, 0.5]`],
  [{ window: [NaN, 1] }, 'option', `${windows}, got [NaN, 1]`],
  [{ window: ['2', 0] }, 'option', `${windows}, got ["2", 0]`],
  [{ window: [0, undefined] }, 'option', `${windows}, got [0, undefined]`],

  [{ lengths: 5 }, 'option', `${batches}, got 5`],
  [{ lengths: [5] }, 'option', `${batches}, got [5]`],
  [{ lengths: Array(9).fill(5) }, 'option', `${batches}, got an array of 9`],
  [{ lengths: '55' }, 'option', `${batches}, got "55"`],
  [{ lengths: int32([2]) }, 'option', `${batches}, got int32 tensor [2]`],
  [{ lengths: [5, 2.5] }, 'option', 'lengths must be whole numbers from 0 to 5, got 2.5'],
  [{ lengths: [-1, 5] }, 'option', 'lengths must be whole numbers from 0 to 5, got -1'],
  [{ lengths: [5, 6] }, 'option', 'lengths must be whole numbers from 0 to 5, got 6'],
  [{ lengths: { length: 2 } }, 'option', 'lengths must be whole numbers from 0 to 5, got undefined'],

  [{ mask: [true, false] }, 'dtype', `mask must be a tensor, got [true, false]; ${makeOne}`],
  [{ mask: 0 }, 'dtype', `mask must be a tensor, got 0; ${makeOne}`],
  [{ mask: make([1, 1, 1, 5]) }, 'dtype', `mask must be bool, got float32 [1, 1, 1, 5]; ${masks}`],
  [{ mask: int32([1, 1, 1, 5]) }, 'dtype', `mask must be bool, got int32 [1, 1, 1, 5]; ${masks}`],
  [{ mask: bool([3, 5]) }, 'shape', `mask [3, 5] does not spread to ${maps}`],
  [{ mask: bool([2, 1, 3, 4]) }, 'shape', `mask [2, 1, 3, 4] does not spread to ${maps}`],
  [{ mask: bool([1, 1, 1, 1]) }, 'shape', `mask [1, 1, 1, 1] does not spread to ${maps}`],
  [
    { mask: make([1, 1, 1, 5], { dtype: 'bool', backend: wasm }) },
    'backend',
    `mask is on wasm but the rest on reference; ${copy}`,
  ],
  [
    { mask: freed(bool([1, 1, 1, 5])) },
    'disposed',
    `mask: this bool tensor [1, 1, 1, 5] was disposed; ${keep}`,
  ],

  [{ bias: 'relative' }, 'option', 'bias must be a tensor or { relative: table }, got "relative"'],
  [{ bias: {} }, 'option', 'bias must be a tensor or { relative: table }, got {}'],
  [{ bias: { table: 1 } }, 'option', 'bias must be a tensor or { relative: table }, got { table }'],
  [{ bias: bool([1, 1, 1, 5]) }, 'dtype', 'bias must be float, got bool [1, 1, 1, 5]'],
  [{ bias: float64([1, 1, 1, 5]) }, 'dtype', 'q is float32 but bias is float64; use one of them'],
  [{ bias: make([2, 4, 5]) }, 'shape', `bias [2, 4, 5] does not spread to ${maps}`],
  [{ bias: make([1, 2, 3, 5]) }, 'shape', `bias [1, 2, 3, 5] does not spread to ${maps}`],
  [{ bias: onWasm([1, 1, 1, 5]) }, 'backend', `q is on reference but bias on wasm; ${copy}`],
  [
    { bias: freed(make([1, 1, 1, 5])) },
    'disposed',
    `bias: this float32 tensor [1, 1, 1, 5] was disposed; ${keep}`,
  ],
  [{ bias: { relative: null } }, 'dtype', `bias.relative must be a tensor, got null; ${makeOne}`],
  [{ bias: { relative: int32([8, 4]) } }, 'dtype', 'bias.relative must be float, got int32 [8, 4]'],
  [
    { bias: { relative: make([7, 4]) } },
    'shape',
    'bias.relative must be [buckets, 4] with an even number of at least 4 buckets, got [7, 4]',
  ],
  [
    { bias: { relative: make([1, 4]), bidirectional: false } },
    'shape',
    'bias.relative must be [buckets, 4] with at least 2 buckets, got [1, 4]',
  ],
  [
    { bias: { relative: make([8, 2]) } },
    'shape',
    'bias.relative must be [buckets, 4] with an even number of at least 4 buckets, got [8, 2]',
  ],
  [{ bias: { relative, maxDistance: 2 } }, 'option', `${distances}, got 2`],
  [{ bias: { relative, maxDistance: 8.5 } }, 'option', `${distances}, got 8.5`],
  [{ bias: { relative, maxDistance: null } }, 'option', `${distances}, got null`],
  [
    { bias: { relative, bidirectional: 'no' } },
    'option',
    'bias.bidirectional must be true or false, got "no"',
  ],
  [
    { bias: { relative, buckets: 8 } },
    'option',
    "there is no option 'bias.buckets', only bias.relative, bias.bidirectional, bias.maxDistance",
  ],
  [
    { bias: { relative: freed(make([8, 4])) } },
    'disposed',
    `bias.relative: this float32 tensor [8, 4] was disposed; ${keep}`,
  ],

  [{ sink: 0 }, 'dtype', `sink must be a tensor, got 0; ${makeOne}`],
  [{ sink: [0, 0, 0, 0] }, 'dtype', `sink must be a tensor, got [0, 0, 0, 0]; ${makeOne}`],
  [{ sink: int32([4]) }, 'dtype', 'sink must be float, got int32 [4]'],
  [{ sink: make([2]) }, 'shape', 'sink must be [4] for q [2, 3, 4, 8], got [2]'],
  [{ sink: make([1, 4]) }, 'shape', 'sink must be [4] for q [2, 3, 4, 8], got [1, 4]'],
  [{ sink: freed(make([4])) }, 'disposed', `sink: this float32 tensor [4] was disposed; ${keep}`],
]

/** All options together. */
const notOptions: [given: unknown, shown: string][] = [
  [null, 'null'],
  ['causal', '"causal"'],
  [true, 'true'],
  [[], '[]'],
  [new Map([['causal', true]]), 'Map'],
  [bool([1, 1, 1, 5]), 'bool tensor [1, 1, 1, 5]'],
]

const parts = 'q, k, m, l, options, batch, head, rows, cols, what'
const rowsOf3 = 'rows must be [start, end] with 0 ≤ start ≤ end ≤ 3'

const tiles: Wrong[] = [
  [{ row: [0, 1] }, 'option', `there is no option 'row', only ${parts}`],
  [{ m: undefined }, 'dtype', `m must be a tensor, got undefined; ${makeOne}`],
  [{ l: null }, 'dtype', `l must be a tensor, got null; ${makeOne}`],
  [{ m: make([2, 3, 4]) }, 'shape', 'm must be [2, 4, 3] for q [2, 3, 4, 8], got [2, 3, 4]'],
  [{ l: make([4, 3]) }, 'shape', 'l must be [2, 4, 3] for q [2, 3, 4, 8], got [4, 3]'],
  [{ l: float64([2, 4, 3]) }, 'dtype', 'q is float32 but l is float64; use one of them'],
  [{ m: onWasm([2, 4, 3]) }, 'backend', `q is on reference but m on wasm; ${copy}`],
  [{ l: freed(make([2, 4, 3])) }, 'disposed', `l: this float32 tensor [2, 4, 3] was disposed; ${keep}`],
  [
    { k: make([2, 5, 3, 8]) },
    'shape',
    '4 query heads are not a multiple of 3 key heads: q [2, 3, 4, 8], k [2, 5, 3, 8]',
  ],
  [{ batch: 2 }, 'option', 'batch must be a whole number from 0 to below 2, got 2'],
  [{ batch: '0' }, 'option', 'batch must be a whole number from 0 to below 2, got "0"'],
  [{ head: undefined }, 'option', 'head must be a whole number from 0 to below 4, got undefined'],
  [{ head: -1 }, 'option', 'head must be a whole number from 0 to below 4, got -1'],
  [{ head: 1.5 }, 'option', 'head must be a whole number from 0 to below 4, got 1.5'],
  [{ rows: [0, 4] }, 'option', `${rowsOf3}, got [0, 4]`],
  [{ rows: [2, 1] }, 'option', `${rowsOf3}, got [2, 1]`],
  [{ rows: 2 }, 'option', `${rowsOf3}, got 2`],
  [{ rows: null }, 'option', `${rowsOf3}, got null`],
  [{ rows: [0, NaN] }, 'option', `${rowsOf3}, got [0, NaN]`],
  [{ cols: [0, 5, 1] }, 'option', 'cols must be [start, end] with 0 ≤ start ≤ end ≤ 5, got [0, 5, 1]'],
  [{ cols: ['0', '5'] }, 'option', 'cols must be [start, end] with 0 ≤ start ≤ end ≤ 5, got ["0", "5"]'],
  [{ what: 'maps' }, 'option', "what must be 'scores' or 'weights', got \"maps\""],
  [{ what: null }, 'option', "what must be 'scores' or 'weights', got null"],
]

interface Call {
  q: Tensor
  k: Tensor
  v: Tensor
  options: AttentionOptions
}
const attend = (given: object) => {
  const call = { q, k, v, options: {}, ...given } as Call
  return attention(call.q, call.k, call.v, call.options)
}
const withStats = (given: object) => {
  const call = { q, k, v, options: {}, ...given } as Call
  return attentionWithStats(call.q, call.k, call.v, call.options)
}
const tile = (given: object) => attentionTile({ q, k, m, l, head: 0, ...given } as AttentionTileOptions)

/** Throws unless the call fails with exactly this, and leaves no tensor behind. */
function fails(call: () => unknown, code: ErrorCode, message: string): void {
  const before = liveTensors()
  let error: unknown
  try {
    call()
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(code === 'disposed' ? HeedError : HeedTypeError)
  expect(error).toMatchObject({ code, message })
  expect(liveTensors()).toBe(before)
}

it('the call that the wrong ones differ from is right', () => {
  for (const t of [attend({}), ...Object.values(withStats({})), tile({})]) t.dispose()
})

describe('q, k and v', () => {
  for (const [given, code, message] of tensors)
    it(message, () => {
      fails(() => attend(given), code, `attention: ${message}`)
      fails(() => withStats(given), code, `attention: ${message}`)
    })
})

describe('options', () => {
  for (const [given, code, message] of options)
    it(message, () => {
      fails(() => attend({ options: given }), code, `attention: ${message}`)
      fails(() => withStats({ options: given }), code, `attention: ${message}`)
      fails(() => tile({ options: given }), code, `attention: ${message}`)
    })

  it.each(notOptions)('not %o', (given, shown) => {
    const message = `attention: the options must be an object { ${known} }, got ${shown}`
    for (const call of [attend, withStats, tile]) fails(() => call({ options: given }), 'option', message)
  })

  it('undefined is as good as left out', () => {
    const none = Object.fromEntries(known.split(', ').map((name) => [name, undefined]))
    for (const call of [attend, tile]) call({ options: none }).dispose()
    tile({
      rows: undefined,
      cols: undefined,
      batch: undefined,
      what: undefined,
      options: undefined,
    }).dispose()
  })
})

describe('attentionTile', () => {
  for (const [given, code, message] of tiles)
    it(message, () => {
      fails(() => tile(given), code, `attentionTile: ${message}`)
    })

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [3, '3'],
    [[q], 'an array of 1'],
  ])('not %s', (given, shown) => {
    const call = () => attentionTile(given as unknown as AttentionTileOptions)
    fails(call, 'option', `attentionTile: the options must be an object { ${parts} }, got ${shown}`)
  })

  it('a map without heads or batches has no part', () => {
    const none = held({
      q: make([0, 3, 4, 8]),
      k: make([0, 5, 2, 8]),
      m: make([0, 4, 3]),
      l: make([0, 4, 3]),
    })
    fails(() => tile(none), 'option', 'attentionTile: batch must be a whole number from 0 to below 0, got 0')
  })
})

describe('wasm', () => {
  const on = (shape: number[]) => held(zeros(shape, { backend: wasm }))

  it('two backends of one name are told apart', () => {
    const message = `attention: q is on wasm but v on another wasm backend; ${copy}`
    const [x, other] = [on([1, 2, 1, 4]), held(zeros([1, 2, 1, 4], { backend: wasm2 }))]
    fails(() => attention(x, x, other), 'backend', message)
  })

  it('heads that its kernels have no room for', () => {
    const [fits, wide] = [on([1, 2, 1, 512]), on([1, 2, 1, 513])]
    attention(fits, fits, fits).dispose()
    const message = (name: string) =>
      `attention: ${name} = 513; the wasm backend takes heads of up to 512, 'reference' any`
    fails(() => attention(wide, wide, fits), 'unsupported', message('D'))
    fails(() => attention(fits, fits, wide), 'unsupported', message('Dv'))
    const stats = { m: on([1, 1, 2]), l: on([1, 1, 2]), head: 0 }
    fails(() => attentionTile({ q: wide, k: wide, ...stats }), 'unsupported', message('D'))
  })

  it('what is freed, or of another dtype', () => {
    const x = on([1, 2, 1, 4])
    fails(
      () => attention(freed(on([1, 2, 1, 4])), x, x),
      'disposed',
      `attention: q: this float32 tensor [1, 2, 1, 4] was disposed; ${keep}`,
    )
    const ids = held(zeros([1, 2, 1, 4], { backend: wasm, dtype: 'int32' }))
    fails(() => attention(x, ids, x), 'dtype', 'attention: k must be float, got int32 [1, 2, 1, 4]')
  })
})
