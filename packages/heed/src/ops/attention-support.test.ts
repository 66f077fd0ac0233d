import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import type { Backend } from '../backends/backend.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { WasmBackend } from '../backends/wasm/index.js'
import { HeedError, HeedTypeError } from '../errors.js'
import type { DType, Shape, Tensor } from '../tensor/index.js'
import { scope } from '../tensor/index.js'
import { expectWithin, randomMask, weightedSum, withBackend } from '../testing/index.js'
import { attention, type AttentionOptions, attentionTile, attentionWithStats, randn, slice } from './index.js'

const [B, Tq, Tk, H, D] = [2, 3, 5, 4, 6]

interface Row {
  q?: Shape
  k?: Shape
  v?: Shape
  dtype?: DType
  /** Tensors of the option that have gradients. */
  tensors?: Record<string, Shape>
  options?: (tensors: Record<string, Tensor>) => AttentionOptions
  /** What is done to q, k and v first. */
  view?: (t: Tensor) => Tensor
}

const bias = (...shape: Shape): Row => ({
  tensors: { bias: shape },
  options: ({ bias }) => ({ bias }),
})
const mask = (...shape: number[]): Row => ({ options: () => ({ mask: randomMask(shape, 0.7, 5) }) })
const relative = (bidirectional: boolean): Row => ({
  tensors: { table: [8, H] },
  options: ({ table }) => ({ bias: { relative: table, bidirectional, maxDistance: 16 } }),
})
const heads = (size: number): Row => ({
  q: [1, 2, 1, size],
  k: [1, 3, 1, size],
  v: [1, 3, 1, size],
})

/** The rows of the table in docs/attention.md: what is offered, and a call that asks for it. */
const rows: Record<keyof AttentionOptions, Record<string, Row>> & Record<string, Record<string, Row>> = {
  'q, k, v': {
    'Tq ≠ Tk': {},
    'grouped heads, H a multiple of Hkv': { k: [B, Tk, 2, D], v: [B, Tk, 2, D] },
    'Dv ≠ D': { v: [B, Tk, H, 3] },
    'batch and time strided: a view is not copied': { view: (t) => slice(t, 1, 0, t.shape[1] - 1) },
    'any other view: copied first': { view: (t) => slice(t, 3, 1, 5) },
    'no keys, no queries': { q: [B, 0, H, D], k: [B, 0, H, D], v: [B, 0, H, D] },
    'D from 1 to 256': heads(256),
    'D and Dv up to 512': heads(512),
    'D and Dv above 512': heads(513),
    float32: { dtype: 'float32' },
    float64: { dtype: 'float64' },
  },
  scale: { 'any number': { options: () => ({ scale: 0.3 }) } },
  causal: {
    true: { options: () => ({ causal: true }) },
    '{ offset }': { options: () => ({ causal: { offset: 1 } }) },
    '{ offset } for each batch': { options: () => ({ causal: { offset: [0, 2] } }) },
  },
  window: {
    '[left, right]': { options: () => ({ window: [1, 1] }) },
    '[left, Infinity]': { options: () => ({ window: [1, Infinity] }) },
    'with causal': { options: () => ({ window: [1, 0], causal: { offset: 1 } }) },
  },
  lengths: { 'for each batch': { options: () => ({ lengths: [5, 2] }) } },
  mask: {
    '[B, H, Tq, Tk]': mask(B, H, Tq, Tk),
    '[B, 1, Tq, Tk]': mask(B, 1, Tq, Tk),
    '[1, H, Tq, Tk]': mask(1, H, Tq, Tk),
    '[1, 1, Tq, Tk]': mask(1, 1, Tq, Tk),
    '[B, H, 1, Tk]': mask(B, H, 1, Tk),
    '[B, 1, 1, Tk]': mask(B, 1, 1, Tk),
    '[1, H, 1, Tk]': mask(1, H, 1, Tk),
    '[1, 1, 1, Tk]': mask(1, 1, 1, Tk),
  },
  softcap: { 'any number above 0': { options: () => ({ softcap: 2 }) } },
  bias: {
    '[B, H, Tq, Tk]': bias(B, H, Tq, Tk),
    '[B, 1, Tq, Tk]': bias(B, 1, Tq, Tk),
    '[1, H, Tq, Tk]': bias(1, H, Tq, Tk),
    '[1, 1, Tq, Tk]': bias(1, 1, Tq, Tk),
    '[B, H, 1, Tk]': bias(B, H, 1, Tk),
    '[B, 1, 1, Tk]': bias(B, 1, 1, Tk),
    '[1, H, 1, Tk]': bias(1, H, 1, Tk),
    '[1, 1, 1, Tk]': bias(1, 1, 1, Tk),
    '{ relative }, both directions': relative(true),
    '{ relative, bidirectional: false }': relative(false),
  },
  sink: { '[H]': { tensors: { sink: [H] }, options: ({ sink }) => ({ sink }) } },
}

const backends: { name: string; start: (dtype: DType) => Backend }[] = [
  { name: 'reference', start: (dtype) => new ReferenceBackend({ dtype: dtype as 'float32' | 'float64' }) },
  { name: 'wasm', start: () => new WasmBackend({ threads: 1 }) },
]

const asked = ['forward', 'gradients', 'map'] as const

/** What a call gives on a backend, each part apart; undefined where the backend refuses it. */
function outcome(backend: Backend, row: Row): Record<(typeof asked)[number], Tensor[]> | undefined {
  const {
    q = [B, Tq, H, D],
    k = [B, Tk, H, D],
    v = k,
    dtype = backend.floats[0],
    view = (t: Tensor) => t,
  } = row
  return withBackend(backend, () =>
    scope(() => {
      try {
        const all = Object.entries({ q, k, v, ...row.tensors }).map(([name, shape], i) => [
          name,
          randn(shape, { seed: i + 1, dtype }),
        ])
        const inputs = Object.fromEntries(all) as Record<'q' | 'k' | 'v' | string, Tensor>
        const options = row.options?.(inputs) ?? {}
        const run = () => attention(view(inputs.q), view(inputs.k), view(inputs.v), options)
        const { m, l } = attentionWithStats(view(inputs.q), view(inputs.k), view(inputs.v), options)
        const { value, grads } = valueAndGrad(inputs, () => weightedSum(run()))
        const probe = { q: view(inputs.q), k: view(inputs.k), m, l, options, head: 0 }
        return { forward: [run(), value], gradients: Object.values(grads), map: [attentionTile(probe)] }
      } catch (error) {
        if (error instanceof HeedError || error instanceof HeedTypeError) return undefined
        throw error
      }
    }),
  )
}

it('the support table of docs/attention.md is true', async () => {
  const lines = [`| | | ${asked.join(' | ')} |`, `| --- | --- | ${asked.map(() => '---').join(' | ')} |`]
  for (const [option, forms] of Object.entries(rows))
    for (const [form, row] of Object.entries(forms)) {
      const works = Object.fromEntries(asked.map((part) => [part, [] as string[]]))
      const truth = outcome(new ReferenceBackend({ dtype: 'float64' }), { ...row, dtype: 'float64' })!
      for (const { name, start } of backends) {
        const backend = start(row.dtype ?? 'float32')
        const got = outcome(backend, row)
        for (const part of got ? asked : []) {
          for (const [i, t] of got![part].entries())
            await expectWithin(t, truth[part][i], 1e-5, `${option}: ${form}`)
          works[part].push(name)
        }
        for (const t of got ? Object.values(got).flat() : []) t.dispose()
        backend.dispose()
      }
      for (const t of Object.values(truth).flat()) t.dispose()
      const cells = asked.map((part) => works[part].join(', ') || '—')
      lines.push(`| \`${option}\` | ${form} | ${cells.join(' | ')} |`)
    }
  const plain = (text: string) => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---')
  const docs = readFileSync(new URL('../../../../docs/attention.md', import.meta.url), 'utf8')
  const table = lines.join('\n')
  expect(plain(docs).includes(table), `docs/attention.md should hold this table:\n${table}\n`).toBe(true)
})
