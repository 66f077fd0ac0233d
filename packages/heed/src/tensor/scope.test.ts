import { beforeEach, expect, it } from 'vitest'
import { add, full, scale, zeros } from '../ops/index.js'
import { coded } from '../testing/index.js'
import { liveTensors, scope, type Tensor } from './index.js'

let before = 0
beforeEach(() => {
  before = liveTensors()
})
const made = () => liveTensors() - before

it('frees all that fn made but what it returns', async () => {
  let inner: Tensor | undefined
  using y = scope(() => {
    inner = full([2], 3)
    return scale(inner, 2)
  })
  expect(inner!.isDisposed).toBe(true)
  expect([...(await y.data())]).toEqual([6, 6])
  expect(made()).toBe(1)
})

it.each<[string, (a: Tensor, b: Tensor) => unknown]>([
  ['an array', (a, b) => [a, b]],
  ['an object', (a, b) => ({ a, more: { b } })],
  ['a map', (a, b) => new Map([['a', [a, b]]])],
])('lets %s of tensors out', (_, pack) => {
  const kept: Tensor[] = []
  scope(() => {
    const [a, b] = [zeros([1]), zeros([1])]
    zeros([1])
    kept.push(a, b)
    return pack(a, b)
  })
  expect(kept.map((t) => t.isDisposed)).toEqual([false, false])
  expect(made()).toBe(2)
  for (const t of kept) t.dispose()
})

it('nests: survivors belong to the enclosing scope', () => {
  let survivor: Tensor | undefined
  scope(() => {
    survivor = scope(() => zeros([1]))
    expect(survivor.isDisposed).toBe(false)
  })
  expect(survivor!.isDisposed).toBe(true)
  expect(made()).toBe(0)
})

it('leaves alone what was made before it', () => {
  using outer = zeros([1])
  scope(() => add(outer, outer)).dispose()
  expect(outer.isDisposed).toBe(false)
})

it('keep takes a tensor out of all scopes', () => {
  const kept = scope(() => {
    const t = scope(() => zeros([1]).keep())
    return { shape: t.shape, get: () => t }
  }).get()
  expect(kept.isDisposed).toBe(false)
  kept.dispose()
  expect(made()).toBe(0)
})

it('a tensor disposed inside is disposed once', () => {
  const t = scope(() => {
    const t = zeros([1])
    t.dispose()
    return t
  })
  expect(t.isDisposed).toBe(true)
  expect(made()).toBe(0)
})

it('finds what it returns in values that hold themselves', () => {
  const result = scope(() => {
    const self: Record<string, unknown> = { t: zeros([1]) }
    self.inside = [self, new Map([['self', self]])]
    return self
  })
  expect(made()).toBe(1)
  ;(result.t as Tensor).dispose()
})

it('frees on an exception, which passes through, and later scopes work', () => {
  expect(() =>
    scope(() => {
      zeros([1])
      scope(() => {
        zeros([2])
        throw new Error('inside')
      })
    }),
  ).toThrow('inside')
  expect(made()).toBe(0)
  using outside = zeros([1])
  scope(() => {})
  expect(outside.isDisposed).toBe(false)
})

it('refuses a promise, and frees what was made before it', () => {
  expect(() =>
    scope(async () => {
      zeros([1])
      await Promise.resolve()
    }),
  ).toThrow(coded('option', 'promise'))
  expect(made()).toBe(0)
})
