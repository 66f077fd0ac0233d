import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rotary, tensor } from '../ops/index.js'
import { coded, expectWithin, held } from '../testing/index.js'
import {
  rotaryFrequencies,
  type RotaryFrequenciesOptions,
  type RotaryPositions,
  type RotaryScaling,
  rotaryTables as makeTables,
} from './index.js'

const rotaryTables = (...args: Parameters<typeof makeTables>) => held(makeTables(...args))

/** What transformers gives: tools/goldens/rotary.py. */
const golden = JSON.parse(readFileSync(new URL('rotary.golden.json', import.meta.url), 'utf8')) as {
  frequencies: (RotaryFrequenciesOptions & { inverse: number[]; factor: number })[]
  turned: { positions: number[]; x: number[]; halves: number[]; pairs: number[] }
}

/** The largest |a / b − 1|: slow pairs count as much as fast ones. */
const relative = (a: ArrayLike<number>, b: number[]) =>
  Math.max(...b.map((value, i) => Math.abs(a[i] / value - 1)))

describe('frequencies', () => {
  for (const { inverse, factor, ...options } of golden.frequencies)
    it(`are those of transformers: ${JSON.stringify(options)}`, () => {
      const got = rotaryFrequencies(options)
      expect(got.inverse).toHaveLength(options.dim / 2)
      expect(relative(got.inverse, inverse)).toBeLessThan(1e-12)
      expect(got.factor).toBeCloseTo(factor, 14)
    })

  it('are theta^(−2i/R) where nothing scales them', () => {
    const plain = { inverse: Float64Array.of(1, 0.1, 0.01, 0.001), factor: 1 }
    for (const scaling of [undefined, null, { rope_type: 'default' }, { type: 'default' }] as const) {
      const { inverse, factor } = rotaryFrequencies({ dim: 8, scaling })
      expect(relative(inverse, Array.from(plain.inverse))).toBeLessThan(1e-15)
      expect(factor).toBe(1)
    }
    expect(rotaryFrequencies({ dim: 4, theta: 16 }).inverse).toEqual(Float64Array.of(1, 0.25))
  })

  it('take the older spelling and null for what is absent', () => {
    const yarn = { factor: 4, original_max_position_embeddings: 512 }
    const nulls = { beta_fast: null, beta_slow: null, attention_factor: null, mscale: null, truncate: null }
    expect(rotaryFrequencies({ dim: 32, scaling: { type: 'yarn', ...yarn, ...nulls } })).toEqual(
      rotaryFrequencies({ dim: 32, scaling: { rope_type: 'yarn', type: 'other', ...yarn } }),
    )
  })

  it('refuse bad sizes and bases', () => {
    for (const dim of [0, 7, -2, 2.5, NaN, 2 ** 20])
      expect(() => rotaryFrequencies({ dim })).toThrow(coded('option', 'dim', `got ${dim}`))
    for (const theta of [1, -5, NaN, Infinity])
      expect(() => rotaryFrequencies({ dim: 4, theta })).toThrow(coded('option', 'theta', `got ${theta}`))
  })

  it('refuse kinds and options by name and value', () => {
    const call = (scaling: unknown) => () => rotaryFrequencies({ dim: 16, scaling: scaling as RotaryScaling })
    expect(call({ rope_type: 'longrope' })).toThrow(coded('unsupported', '"longrope"', 'llama3'))
    expect(call({ rope_type: 'toString' })).toThrow(coded('unsupported', '"toString"'))
    expect(call({})).toThrow(coded('unsupported', 'nothing'))
    expect(call('linear')).toThrow(coded('option', 'scaling', '"linear"'))
    expect(call({ rope_type: 'default', factor: 2 })).toThrow(coded('option', '"factor"', 'default'))
    expect(call({ rope_type: 'linear', factor: 2, rope_theta: 1e4 })).toThrow(coded('option', '"rope_theta"'))

    const llama3 = {
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 99,
    }
    const yarn = { factor: 8, original_max_position_embeddings: 99 }
    const whole = { linear: { factor: 8 }, llama3, yarn }
    const bad: [kind: keyof typeof whole, option: string, value: unknown][] = [
      ['linear', 'factor', 0.5],
      ['linear', 'factor', undefined],
      ['linear', 'factor', '2'],
      ['linear', 'factor', [2]],
      ['llama3', 'low_freq_factor', 0],
      ['llama3', 'high_freq_factor', 1],
      ['llama3', 'original_max_position_embeddings', 8.5],
      ['llama3', 'factor', null],
      ['yarn', 'beta_fast', 0.5],
      ['yarn', 'beta_slow', 0],
      ['yarn', 'attention_factor', 0],
      ['yarn', 'mscale', -1],
      ['yarn', 'mscale_all_dim', true],
      ['yarn', 'truncate', 1],
      ['yarn', 'original_max_position_embeddings', 0],
    ]
    for (const [kind, option, value] of bad) {
      const shown = value == null ? 'nothing' : JSON.stringify(value)
      expect(call({ rope_type: kind, ...whole[kind], [option]: value })).toThrow(
        coded('option', `${kind} scaling's ${option}`, `got ${shown}`),
      )
    }
  })
})

describe('tables', () => {
  const frequencies = { inverse: Float64Array.of(1, 0.1), factor: 1.5 }

  it('hold cos and sin of position · frequency, times the factor', async () => {
    const { cos, sin } = rotaryTables(frequencies, [0, 7, -3])
    const angles = [0, 0, 7, 0.7, -3, -0.3]
    await expectWithin(
      cos,
      angles.map((a) => 1.5 * Math.cos(a)),
      1e-15,
    )
    await expectWithin(
      sin,
      angles.map((a) => 1.5 * Math.sin(a)),
      1e-15,
    )
    expect([cos.shape, sin.shape]).toEqual([
      [3, 2],
      [3, 2],
    ])
  })

  it('take a range, typed positions, and a row per batch', async () => {
    const both = rotaryTables(frequencies, [{ start: 4, count: 2 }, Int32Array.of(9, 1)])
    expect([both.cos.shape, both.sin.shape]).toEqual([
      [2, 2, 2],
      [2, 2, 2],
    ])
    for (const [b, positions] of [
      [0, [4, 5]],
      [1, { start: 9, count: 1 }],
    ] as const) {
      const { sin } = rotaryTables(frequencies, positions)
      const row = (await both.sin.data()).slice(4 * b, 4 * b + sin.size)
      await expectWithin(sin, row, 0)
    }
    for (const none of [[], new Int32Array(0), { start: 5, count: 0 }])
      expect(rotaryTables(frequencies, none).cos.shape).toEqual([0, 2])
    expect(rotaryTables(frequencies, [[], []]).cos.shape).toEqual([2, 0, 2])
  })

  it('are exact at a million, where float32 angles are off by 0.03', async () => {
    const { inverse } = rotaryFrequencies({ dim: 4 })
    const { sin } = rotaryTables({ inverse, factor: 1 }, [1_000_000])
    // sin(1e6) and sin(1e4), to 15 digits
    await expectWithin(sin, [-0.349993502171292, -0.305614388888252], 1e-14)
  })

  it('turn heads as transformers turns them', async () => {
    const { positions, x, halves, pairs } = golden.turned
    const { cos, sin } = rotaryTables(rotaryFrequencies({ dim: 6 }), positions)
    using heads = tensor(x, [1, 2, 2, 6])
    await expectWithin(held(rotary(heads, cos, sin)), halves, 1e-12)
    await expectWithin(held(rotary(heads, cos, sin, { interleaved: true })), pairs, 1e-12)
  })

  it('refuse ragged rows and broken positions', () => {
    const call = (positions: RotaryPositions | RotaryPositions[]) => () =>
      rotaryTables(frequencies, positions)
    expect(call([[1, 2], [3]])).toThrow(coded('shape', '2 and 1'))
    expect(call([1, 0.5])).toThrow(coded('option', '0.5'))
    expect(call([NaN])).toThrow(coded('option', 'NaN'))
    expect(call({ start: 0.5, count: 1 })).toThrow(coded('option', '0.5'))
    expect(call({ start: 0, count: -1 })).toThrow(coded('shape', '-1'))
  })
})
