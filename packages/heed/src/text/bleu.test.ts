import { describe, expect, it } from 'vitest'
import { bleu } from './bleu.js'

// Scores of sacreBLEU 2.6 (nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp): score, brevity penalty, lengths.
const golden: [string, string[], string[][], [number, number, number, number]][] = [
  [
    'several references, not as many for each',
    ['The big elephant walks slowly to the river.', 'It costs 3,500 euros - or more!'],
    [
      ['The large elephant walks slowly to the river.', 'A big elephant slowly walks to the river.'],
      ['It costs 3,500 euros, or more!'],
    ],
    [67.74406460860023, 1, 17, 17],
  ],
  ['no 4-grams', ['the cat sat'], [['a dog sat down there']], [0, 0.513417119032592, 3, 5]],
  [
    'references equally close in length',
    ['one two three four five'],
    [['one two three four', 'one two three four six seven']],
    [66.87403049764218, 1, 5, 4],
  ],
  [
    'entities, dashes, abbreviations and trailing space',
    ['&quot;Fish &amp; chips&quot; for 1-2 people, e.g. us.\u00a0'],
    [['"Fish & chips" for 1-2 people, e.g. them.']],
    [88.43946454355333, 1, 17, 17],
  ],
  ['nothing matches', ['x y z w'], [['a b c d']], [0, 1, 4, 4]],
  [
    'an empty hypothesis, and a missing order smoothed',
    ['', 'Good morning to you all.'],
    [['Hi.'], ['Good morning to all of you.', 'Good morning everyone.']],
    [21.792896006643144, 0.6065306597126334, 6, 9],
  ],
  [
    'beyond ASCII',
    ['Größe: 5½ m\u0085und »mehr« 😀.'],
    [['Größe: 5½ m und »mehr« 😀.']],
    [100.00000000000004, 1, 8, 8],
  ],
]

describe('bleu', () => {
  it.each(golden)('agrees with sacreBLEU: %s', (_, hypotheses, references, expected) => {
    const { score, brevityPenalty, hypLength, refLength } = bleu(hypotheses, references)
    expect(score).toBeCloseTo(expected[0], 10)
    expect(brevityPenalty).toBeCloseTo(expected[1], 12)
    expect([hypLength, refLength]).toEqual(expected.slice(2))
  })

  it('agrees with sacreBLEU on what heed-en-de says, with one to three references', async () => {
    const { default: golden } = await import('./goldens/bleu.json', { with: { type: 'json' } })
    const { hypotheses, references, sacrebleu } = golden
    const { score, brevityPenalty, hypLength, refLength } = bleu(hypotheses, references)
    expect(score).toBeCloseTo(sacrebleu[0], 10)
    expect([brevityPenalty, hypLength, refLength]).toEqual(sacrebleu.slice(1))
  })

  it('gives precisions as percentages, smoothed by halves', () => {
    expect(bleu(['the cat sat'], [['a dog sat down there']]).precisions).toEqual([100 / 3, 25, 25, 0])
    expect(bleu(['x y z w'], [['a b c d']]).precisions).toEqual([0, 0, 0, 0])
  })

  it('refuses sentences without references', () => {
    expect(() => bleu(['a', 'b'], [['a']])).toThrow(/2 hypotheses, but references for 1 sentences/)
    expect(() => bleu(['a'], [[]])).toThrow(/sentence 0 has no reference/)
  })
})
