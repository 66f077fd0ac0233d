import { expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { padIds } from './ids.js'
import { type Pooling, pool, poolingOf } from './pooling.js'

const rows = padIds([[1, 2, 3], [4]], 0)
// Row 1 has one token; what stands in its padding must not count.
const hidden = Float32Array.of(1, 8, 5, -2, 3, 3, 6, 8, 99, 99, 99, 99)

it.each<[Pooling, number[][]]>([
  [
    'mean',
    [
      [3, 3],
      [6, 8],
    ],
  ],
  [
    'cls',
    [
      [1, 8],
      [6, 8],
    ],
  ],
  [
    'max',
    [
      [5, 8],
      [6, 8],
    ],
  ],
  [
    'last',
    [
      [3, 3],
      [6, 8],
    ],
  ],
])('%s by hand', (pooling, expected) => {
  expect(pool(hidden, rows, pooling, false).map((v) => [...v])).toEqual(expected)
  const [, second] = pool(hidden, rows, pooling, true)
  expect(second[0]).toBeCloseTo(0.6, 6)
  expect(second[1]).toBeCloseTo(0.8, 6)
})

it('a vector of zeros stays one', () => {
  expect([...pool(new Float32Array(2), padIds([[1]], 0), 'mean', true)[0]]).toEqual([0, 0])
})

it('follows the sentence-transformers files, and the options before them', () => {
  const files = {
    poolingConfig: {
      word_embedding_dimension: 384,
      pooling_mode_cls_token: true,
      pooling_mode_mean_tokens: false,
    },
    sentenceConfig: { max_seq_length: 256, do_lower_case: false },
    modules: ['Transformer', 'Pooling', 'Normalize'].map((kind, idx) => ({
      idx,
      type: `sentence_transformers.models.${kind}`,
    })),
  }
  expect(poolingOf(files, {})).toEqual({ pooling: 'cls', normalize: true, maxTokens: 256 })
  expect(poolingOf(files, { pooling: 'max', normalize: false })).toMatchObject({
    pooling: 'max',
    normalize: false,
  })
  expect(poolingOf({}, {})).toEqual({ pooling: 'mean', normalize: false, maxTokens: undefined })
})

it('refuses what it does not know', () => {
  const config = (poolingConfig: Record<string, unknown>) => () => poolingOf({ poolingConfig }, {})
  expect(config({ pooling_mode_weightedmean_tokens: true })).toThrow(coded('unsupported', 'weightedmean'))
  expect(config({ pooling_mode_cls_token: true, pooling_mode_max_tokens: true })).toThrow(
    coded('unsupported'),
  )
  expect(config({})).toThrow(coded('unsupported', 'nothing'))
  expect(() => poolingOf({ modules: [{ type: 'sentence_transformers.models.Dense' }] }, {})).toThrow(
    coded('unsupported', '"Dense"'),
  )
  expect(() => poolingOf({ modules: [3] }, {})).toThrow(coded('format', 'modules.json'))
  expect(() => poolingOf({ sentenceConfig: { max_seq_length: 'x' } }, {})).toThrow(
    coded('format', 'max_seq_length'),
  )
  expect(() => poolingOf({}, { pooling: 'sum' as Pooling })).toThrow(coded('option', 'sum'))
})
