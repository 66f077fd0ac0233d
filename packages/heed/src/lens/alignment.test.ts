import { expect, test } from 'vitest'
import { Transformer, transformerConfig, transformerShapes } from '../models/index.js'
import { tensor } from '../ops/index.js'
import { sizeOf, type Tensor } from '../tensor/index.js'
import { coded } from '../testing/index.js'
import { learnBpe } from '../text/index.js'
import { alignmentScores, copiedWords } from './index.js'

const width = 32
const sentences = ['the Anna sees 2024 and Berlin', 'sie sieht 2024 Anna und Berlin']
const tokenizerJson = await learnBpe(sentences, { vocabSize: 300 })

/**
 * A model that sees positions alone: layer 0 attends to all of the source alike, layer 1 to the place of the word
 * that it predicts.
 */
function positional(): Transformer {
  const config = transformerConfig({
    vocab_size: 300,
    d_model: width,
    num_heads: 2,
    encoder_layers: 1,
    decoder_layers: 2,
    d_ff: 4,
    max_positions: 32,
  })
  const weights: Record<string, Tensor> = {}
  for (const [name, shape] of transformerShapes(config)) {
    const values = new Float32Array(sizeOf(shape))
    if (/norm\d?\.weight$/.test(name)) values.fill(1)
    if (/^decoder\.1\.cross\.(query|key)\.weight$/.test(name))
      for (let i = 0; i < width; i++) values[i * width + i] = 4
    weights[name] = tensor(values, shape).keep()
  }
  return new Transformer(config, weights, { tokenizerJson })
}

test('counts how often a layer finds the source of a copied word', async () => {
  const model = positional()
  try {
    const pairs = [
      { source: 'the Anna sees 2024', target: 'the Anna sees 2024' }, // four words, each at its place
      { source: 'Berlin sees', target: 'sieht und Berlin' }, // one, elsewhere
      { source: 'no word', target: 'is in both' },
      { source: 'Anna Anna', target: 'Anna' }, // twice on a side
      { source: 'Anna '.padEnd(60, '?'), target: 'Anna' }, // more tokens than positions
    ]
    const progress: number[] = []
    const scores = await alignmentScores(model, pairs, { onProgress: ({ done }) => progress.push(done) })
    expect(scores).toEqual([
      { layer: 0, hits: 2, words: 5 }, // of equal weights the first token: `the`, `Berlin`
      { layer: 1, hits: 4, words: 5 },
    ])
    expect(progress).toEqual([1, 2, 3, 4, 5])
    const signal = AbortSignal.abort()
    await expect(alignmentScores(model, pairs, { signal })).rejects.toThrow(coded('aborted'))
  } finally {
    model.dispose()
  }
})

test('copied words stand exactly once on either side, whole and of three characters at least', () => {
  const words = (source: string, target: string) =>
    copiedWords(source, target).map(({ inSource, inTarget, length }) => [
      source.slice(inSource, inSource + length),
      target.slice(inTarget, inTarget + length),
    ])
  expect(words('Anna saw Bob in 2024, or 99.', 'Bob sah Anna 2024 or 99')).toEqual([
    ['Anna', 'Anna'],
    ['Bob', 'Bob'],
    ['2024', '2024'],
  ])
  expect(words('Anna, Anna', 'Anna')).toEqual([])
  expect(words('Annabel', 'Anna')).toEqual([])
  expect(words('anna', 'Anna')).toEqual([])
  expect(words('São Paulo', 'São Paulo')).toHaveLength(2)
})
