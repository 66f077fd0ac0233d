import type {
  LookupRun,
  ScalingReport,
  ScoreStatistics,
  SoftmaxReport,
  TrainedSetting,
} from 'heed/experiments'
import { expect, it } from 'vitest'
import { softmaxPlots } from './plots.js'
import {
  gradientFinding,
  lengthFinding,
  scalingRows,
  scoreRows,
  scoresFinding,
  softmaxRows,
  trainingFinding,
  trainingNote,
} from './words.js'

const test = (accuracy: number) => ({
  loss: 1 - accuracy,
  accuracy,
  peak: accuracy,
  rowSum: { mean: 1, low: 0.96, high: 1.04 },
  output: { rms: 1, largest: 3 },
})

/** A run whose tests gave these shares of right answers, and `longer` on dictionaries of 16, 32 and 64 entries. */
const run = (seed: number, accuracies: number[], longer: number[]): LookupRun => ({
  seed,
  points: accuracies.map((accuracy, at) => ({
    step: 20 * at,
    ...test(accuracy),
    ...(at > 0 && { gradients: { query: 0.1, key: 0.2, value: 0.3 } }),
  })),
  longer: longer.map((accuracy, at) => ({ entries: 16 * 2 ** at, ...test(accuracy) })),
  skipped: 0,
})

const trained = (name: string, ...runs: LookupRun[]): TrainedSetting => ({
  setting: { name, keySize: 32, scale: 1, normalizer: 'softmax' },
  runs,
})

const settings = {
  steps: 40,
  seeds: 3,
  rate: 0.003,
  task: { keys: 64, values: 16, width: 64, questions: 32 },
  training: { entries: 16, batch: 8, tested: 32, tests: 12 },
} as const

const report: SoftmaxReport = {
  experiment: 'softmax',
  settings,
  training: [
    trained(
      'fast',
      run(1, [0.06, 0.95, 1], [1, 1, 0.99]),
      run(2, [0.07, 0.91, 0.98], [0.98, 0.98, 0.98]),
      run(3, [0.05, 0.5, 0.97], [0.97, 0.97, 0.97]),
    ),
    trained(
      'brittle',
      run(1, [0.06, 0.1, 0.95], [0.95, 0.8, 0.5]),
      run(2, [0.06, 0.1, 0.93], [0.93, 0.8, 0.6]),
      run(3, [0.06, 0.1, 0.89], [0.89, 0.8, 0.4]),
    ),
    trained('never', ...[1, 2, 3].map((seed) => run(seed, [0.06, 0.06, 0.06], [0.06, 0.06, 0.06]))),
  ],
}

it('says who learned when, and who did not', () => {
  const name = ({ setting }: TrainedSetting) => setting.name
  expect(trainingFinding(report, report.training, name)).toBe(
    '90 % right: fast by step 20; brittle by step 40; never not within 40',
  )
  expect(gradientFinding(report.training, name)).toBe(
    'At d_k = 32 the gradient of W_Q starts at 0.10 with fast and at 0.10 with brittle',
  )
  expect(trainingNote(report)).toContain(
    '40 steps of 8 dictionaries, AdamW at 0.003. Median and range of 3 seeds.',
  )
})

it('says what longer dictionaries do to those that learned', () => {
  expect(lengthFinding(report)).toBe(
    'Trained on 16 entries, asked with 64: brittle falls from 0.93 to 0.50, fast loses at most .02',
  )
  const none = { ...report, training: report.training.slice(2) }
  expect(lengthFinding(none)).toBe('None learned the look-up in 40 steps')
})

it('tables: medians, how many runs, rows’ sums, and a line on a scale from 0 to 1', () => {
  expect(softmaxRows(report).slice(2)).toEqual([
    ['fast', '20', '0.98', '0.98', '0.98', '1.0 to 1.0', '▁██'],
    ['brittle', '2 of 3 runs', '0.93', '0.80', '0.50', '1.0 to 1.0', '▁▁█'],
    ['never', 'never', '0.06', '0.06', '0.06', '1.0 to 1.0', '▁▁▁'],
  ])
  const scaling = { ...report, experiment: 'scaling', scores: [] } as unknown as ScalingReport
  expect(scalingRows(scaling)[2]).toEqual(['fast', '20', '0.98 (0.97–1.00)', '▁██'])
  expect(scalingRows(scaling)[4]).toEqual(['never', 'never', '0.06', '▁▁▁'])
})

it('scores: a row for each d_k, and nothing that is not zero as zero', () => {
  const one = (x: number) => ({ median: x, low: x, high: x })
  const row = (keySize: number, scaled: boolean, x: number): ScoreStatistics => ({
    keySize,
    scaled,
    variance: one(scaled ? 1 : keySize),
    peak: one(x),
    entropy: one(x),
    scoreGradient: one(x),
    queryGradient: one(x),
    medianQueryGradient: one(x / 10_000),
  })
  const scores = [row(4, true, 0.1), row(1024, true, 0.11), row(4, false, 0.3), row(1024, false, 0.95)]
  expect(scoresFinding({ scores } as ScalingReport)).toBe(
    'At d_k = 1,024 the largest weight is 0.11 with 1/√d_k and 0.95 without',
  )
  expect(scoreRows(scores).slice(2)).toEqual([
    ['4', '1.00', '4.00', '0.10', '0.30', '0.10', '0.30', '<.001', '<.001'],
    ['1,024', '1.00', '1.0·10³', '0.11', '0.95', '0.11', '0.95', '<.001', '<.001'],
  ])
})

it('pictures: a line for every setting in every panel of training', () => {
  for (const { plot } of softmaxPlots(report))
    for (const { series } of plot.panels)
      expect(series.map(({ name }) => name)).toEqual(['fast', 'brittle', 'never'])
  const [accuracy] = softmaxPlots(report)[0].plot.panels
  expect(accuracy.series[1].points).toEqual([
    { x: 0, y: 0.06, low: 0.06, high: 0.06 },
    { x: 20, y: 0.1, low: 0.1, high: 0.1 },
    { x: 40, y: 0.93, low: 0.89, high: 0.95 },
  ])
})
