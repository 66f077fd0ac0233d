import { expect, test } from 'vitest'
import { foldSeed } from '../backends/random.js'
import { attention, attentionTile, dropHeads, randn, scale, zeros } from '../ops/index.js'
import { liveTensors, scope, type Tensor } from '../tensor/index.js'
import { coded, expectWithin, held } from '../testing/index.js'
import { Cache } from './cache.js'
import { type AttentionSeen, matchSites, type Observer, Run, unlessEnded } from './run.js'

const names = {
  sites: ['encoder.0.self', 'encoder.1.self', 'decoder.0.self', 'decoder.0.cross'],
  activations: ['encoder.0.heads', 'encoder.0.output', 'encoder.1.output'],
}

test('patterns pick sites in the order of the model', () => {
  expect(matchSites(names.sites, 'encoder.*.self')).toEqual(['encoder.0.self', 'encoder.1.self'])
  expect(matchSites(names.sites, ['decoder.0.cross', 'encoder.0.self'])).toEqual([
    'encoder.0.self',
    'decoder.0.cross',
  ])
  expect(matchSites(names.sites, '*')).toEqual(names.sites)
  expect(matchSites(names.sites, '*0*self')).toEqual(['encoder.0.self', 'decoder.0.self'])
  expect(matchSites(names.sites)).toEqual(names.sites)
  expect(matchSites(names.sites, [])).toEqual([])
})

test('what a pattern matches never overlaps itself', () => {
  expect(() => matchSites(['aba'], 'ab*ba')).toThrow(coded('not-found', "'ab*ba'"))
  expect(matchSites(['abba'], 'ab*ba')).toEqual(['abba'])
  expect(() => matchSites(['a.b'], 'a.b.*')).toThrow(coded('not-found'))
})

test('an unknown site names those there are', () => {
  expect(() => new Run(names, { observers: [{ sites: 'encoder.9.self', attention() {} }] })).toThrow(
    coded('not-found', "'encoder.9.self'", ...names.sites),
  )
  expect(() => new Run(names, { with: [{ sites: 'embedding', activation: (_, x) => x }] })).toThrow(
    coded('not-found', "'embedding'", 'encoder.1.output'),
  )
})

test('an observer of both kinds may name either', async () => {
  const seen: string[] = []
  const both: Observer = {
    sites: ['encoder.0.self', 'encoder.0.output'],
    attention: ({ site }) => void seen.push(`attention ${site}`),
    activation: (site) => void seen.push(site),
  }
  const run = new Run(names, { observers: [both] })
  const [q, k, v] = qkv()
  scope(() => void run.attend('encoder.0.self', q, k, v))
  run.at('encoder.0.output', q)
  run.at('encoder.1.output', q)
  expect(seen).toEqual(['attention encoder.0.self', 'encoder.0.output'])
  expect(() => new Run(names, { observers: [{ ...both, sites: 'encoder.9' }] })).toThrow(coded('not-found'))
})

test('modes and caches that do not exist are refused', () => {
  expect(() => new Run(names, { mode: 'eval' as 'infer' })).toThrow(coded('option', "'eval'", "'train'"))
  expect(() => new Run(names, { mode: 'train', cache: new Cache() })).toThrow(coded('option', 'cache'))
})

const qkv = () => held([1, 2, 3].map((seed) => randn([2, 3, 2, 4], { seed }))) as [Tensor, Tensor, Tensor]

test('what is no observer and no intervention is refused', () => {
  for (const hook of [undefined, null, 7, []]) {
    expect(() => new Run(names, { with: [hook] as never })).toThrow(coded('option', 'with[0]'))
    expect(() => new Run(names, { observers: [{}, hook] as never })).toThrow(coded('option', 'observers[1]'))
  }
  expect(() => new Run(names, { observers: null as never })).toThrow(coded('option', 'a list', 'null'))
})

test('an observer changes nothing and can recompute every weight', async () => {
  const [q, k, v] = qkv()
  let seen: AttentionSeen | undefined
  const observer: Observer = { sites: '*.self', attention: (s) => (seen = s) }
  const run = new Run(names, { observers: [observer] })
  const options = { causal: true, lengths: [3, 2] }
  using out = run.attend('encoder.0.self', q, k, v, options)
  using plain = attention(q, k, v, options)
  await expectWithin(out, plain, 0)
  const { m, l } = held(seen!)
  for (const [batch, head] of [
    [0, 0],
    [1, 1],
  ]) {
    using tile = attentionTile({ q, k, m, l, options, batch, head })
    const [a, b, c, ...rest] = await tile.data()
    expect([a, b, c]).toEqual([1, 0, 0])
    expect(rest[0] + rest[1]).toBeCloseTo(1, 12)
    expect(rest[3] + rest[4] + rest[5]).toBeCloseTo(1, 12)
  }
  seen = undefined
  held(run.attend('decoder.0.cross', q, k, v))
  expect(seen).toBeUndefined()
})

test('interventions act in order, on calls and on activations, and observers see the outcome', async () => {
  const [q, k, v] = qkv()
  const log: string[] = []
  const run = new Run(names, {
    with: [
      { sites: 'encoder.0.self', attention: ({ options }) => ({ options: { ...options, scale: 0 } }) },
      { sites: 'encoder.0.output', activation: (_, x) => scale(x, 2) },
      { sites: 'encoder.0.output', activation: (_, x) => scale(x, 3) },
    ],
    observers: [
      { attention: ({ site, options }) => log.push(`${site} scale ${options.scale}`) },
      { sites: '*.heads', activation: (site) => log.push(site) },
    ],
  })
  const [out, expected, sixfold, six] = held(
    scope(() => [
      run.attend('encoder.0.self', q, k, v),
      attention(q, k, v, { scale: 0 }),
      run.at('encoder.0.output', q),
      scale(q, 6),
    ]),
  )
  await expectWithin(out, expected, 0)
  await expectWithin(sixfold, six, 1e-15)
  expect(run.at('encoder.1.output', q)).toBe(q)
  expect(log).toEqual(['encoder.0.self scale 0', 'encoder.0.heads'])
})

test('dropout: none in inference, another mask for each call, the same for the same seed', async () => {
  using x = randn([64])
  expect(new Run(names).dropout(x, 0.5)).toBe(x)
  const draw = async (seed: number) => {
    const run = new Run(names, { mode: 'train', seed })
    const [first, second] = held([run.dropout(x, 0.5), run.dropout(x, 0.5)])
    return [await first.data(), await second.data()]
  }
  const [first, second] = await draw(7)
  expect(first).not.toEqual(second)
  expect(await draw(7)).toEqual([first, second])
  expect((await draw(8))[0]).not.toEqual(first)
})

test('heads are dropped in training alone, others at every attention, the same for the same seed', async () => {
  const [q, k, v] = qkv()
  using plain = attention(q, k, v)
  using inferred = new Run(names, { seed: 7, dropHeads: 0.5 }).attend('encoder.0.self', q, k, v)
  await expectWithin(inferred, plain, 0)
  const heads = async (seed: number) => {
    const seen: string[] = []
    const observers = [{ activation: (site: string) => void seen.push(site) }]
    const run = new Run(names, { mode: 'train', seed, dropHeads: 0.5, observers })
    const outputs: Float32Array[] = []
    for (const [n, site] of [...names.sites, ...names.sites].entries()) {
      using out = scope(() => run.attend(site, q, k, v))
      using expected = scope(() => dropHeads(plain, 0.5, foldSeed(seed, n)))
      await expectWithin(out, expected, 0)
      outputs.push(Float32Array.from(await out.data()))
    }
    expect(seen).toContain('encoder.0.heads')
    return outputs
  }
  const outputs = await heads(7)
  expect(new Set(outputs.map(String)).size).toBeGreaterThan(2)
  expect(await heads(7)).toEqual(outputs)
  expect(await heads(8)).not.toEqual(outputs)
  for (const rate of [1, -0.1, NaN])
    expect(() => new Run(names, { dropHeads: rate })).toThrow(coded('option', 'Run: dropHeads', `${rate}`))
})

test('blocks: inference holds one block at a time, and never frees what it was given or what was kept', async () => {
  using x = zeros([4])
  using other = zeros([4])
  const before = liveTensors()
  const most: number[] = []
  const run = new Run(names)
  using y = scope(() =>
    run.blocks(5, x, (x, i) => {
      const made = [scale(x, 1), scale(x, 1), scale(x, 1)]
      most.push(liveTensors() - before)
      return i === 2 ? other : made[2]
    }),
  )
  expect(Math.max(...most)).toBeLessThanOrEqual(4)
  expect(liveTensors() - before).toBe(1)
  expect([x.isDisposed, other.isDisposed, y.isDisposed]).toEqual([false, false, false])
  expect(run.blocks(0, x, () => y)).toBe(x)

  const kept: Tensor[] = []
  scope(() => run.blocks(3, x, (x) => kept[kept.push(scale(x, 1).keep()) - 1]))
  expect(kept.map((t) => t.isDisposed)).toEqual([false, false, false])
  for (const t of kept) t.dispose()
})

test('a pass ends after the last of the sites that it is wanted for', () => {
  const [q, k, v] = qkv()
  const seen: string[] = []
  const observers: Observer[] = [{ attention: ({ site }) => void seen.push(site) }]
  const through = (run: Run) => {
    for (const site of names.sites) scope(() => void run.attend(site, q, k, v))
    return 'the end'
  }
  expect(unlessEnded(() => through(new Run(names, { observers, until: 'encoder.*.self' })))).toBeUndefined()
  expect(seen).toEqual(['encoder.0.self', 'encoder.1.self'])
  expect(unlessEnded(() => through(new Run(names, { until: 'encoder.0.heads' })))).toBeUndefined()
  expect(unlessEnded(() => through(new Run(names)))).toBe('the end')
  expect(() => new Run(names, { until: 'encoder.7.self' })).toThrow(coded('not-found', "'encoder.7.self'"))
})
