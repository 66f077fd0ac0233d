import {
  type LookupPoint,
  overSteps,
  type ScalingReport,
  type ScoreStatistics,
  type SoftmaxReport,
  type Spread,
  spread,
  type TrainedSetting,
} from 'heed/experiments'
import type { Plot, PlotPanel, PlotPoint, PlotSeries } from 'heed/look'
import {
  trainingNote,
  scoresFinding,
  scoresNote,
  gradientFinding,
  lengthFinding,
  trainingFinding,
} from './words.js'

/** A plot and the name of its file. */
export interface NamedPlot {
  name: string
  plot: Plot
}

const point = (x: number, { median, low, high }: Spread): PlotPoint => ({ x, y: median, low, high })

export function scalingPlots(report: ScalingReport): NamedPlot[] {
  const sizes = [...new Set(report.training.map(({ setting }) => setting.keySize))]
  const settings = (keySize: number) => report.training.filter(({ setting }) => setting.keySize === keySize)
  const scaleName = ({ setting }: TrainedSetting) => setting.name.replace(/^.*?, /, '')
  const largest = Math.max(...sizes)
  const gradient = (keySize: number, of: 'query' | 'key' | 'value'): PlotPanel => ({
    title: `Gradient of W_${{ query: 'Q', key: 'K', value: 'V' }[of]}, d_k = ${keySize}`,
    x: { label: 'step' },
    y: { label: 'norm, mean of the steps before', log: true },
    series: settings(keySize).map((trained) =>
      curve(scaleName(trained), trained, ({ gradients }) => gradients?.[of]),
    ),
  })
  return [
    {
      name: 'scaling-scores',
      plot: { title: scoresFinding(report), note: scoresNote(report), panels: scorePanels(report.scores) },
    },
    {
      name: 'scaling-training',
      plot: {
        title: trainingFinding(report, settings(largest), scaleName),
        note: trainingNote(report),
        panels: sizes.flatMap((keySize) => [
          accuracyPanel(`Right answers, d_k = ${keySize}`, settings(keySize), scaleName),
          {
            title: `Largest weight of a row, d_k = ${keySize}`,
            x: { label: 'step' },
            y: { label: 'mean over questions', range: [0, 1] },
            series: settings(keySize).map((trained) =>
              curve(scaleName(trained), trained, ({ peak }) => peak),
            ),
          },
        ]),
      },
    },
    {
      name: 'scaling-gradients',
      plot: {
        title: gradientFinding(settings(largest), scaleName),
        note: trainingNote(report),
        panels: [
          gradient(Math.min(...sizes), 'query'),
          ...(['query', 'key', 'value'] as const).map((of) => gradient(largest, of)),
        ],
      },
    },
  ]
}

export function softmaxPlots(report: SoftmaxReport): NamedPlot[] {
  const { training } = report
  const name = ({ setting }: TrainedSetting) => setting.name
  const overTraining = (quantity: (point: LookupPoint) => number | undefined) =>
    training.map((trained) => curve(name(trained), trained, quantity))
  const overLengths = (value: (test: LookupRunTest) => number): PlotSeries[] =>
    training.map((trained) => ({
      name: name(trained),
      points: lengthsOf(trained).map(({ entries, tests }) => point(entries, spread(tests.map(value)))),
    }))
  const entries = {
    label: 'entries of a dictionary',
    log: true,
    ticks: lengthsOf(training[0]).map(({ entries }) => entries),
  }
  return [
    {
      name: 'softmax-training',
      plot: {
        title: trainingFinding(report, training, name),
        note: trainingNote(report),
        panels: [
          accuracyPanel('Right answers', training, name),
          {
            title: 'Loss',
            x: { label: 'step' },
            y: { label: 'cross-entropy on unseen dictionaries', range: [0, 3] },
            series: overTraining(({ loss }) => loss),
          },
          {
            title: 'Gradient of W_Q',
            x: { label: 'step' },
            y: { label: 'norm, mean of the steps before', log: true },
            series: overTraining(({ gradients }) => gradients?.query),
          },
          {
            title: 'Size of what attention gives',
            x: { label: 'step' },
            y: { label: 'root mean square of a component', range: [0, 1] },
            series: overTraining(({ output }) => output.rms),
          },
        ],
      },
    },
    {
      name: 'softmax-lengths',
      plot: {
        title: lengthFinding(report),
        note: trainingNote(report),
        panels: [
          {
            title: 'Right answers',
            x: entries,
            y: { label: 'share', range: [0, 1] },
            series: overLengths(({ accuracy }) => accuracy),
          },
          {
            title: 'Sum of a row’s weights (band: all rows of all runs)',
            x: entries,
            y: { label: 'sum', range: [0, 1] },
            series: training.map((trained) => ({
              name: name(trained),
              points: lengthsOf(trained).map(({ entries, tests }) => ({
                ...point(entries, spread(tests.map(({ rowSum }) => rowSum.mean))),
                low: Math.min(...tests.map(({ rowSum }) => rowSum.low)),
                high: Math.max(...tests.map(({ rowSum }) => rowSum.high)),
              })),
            })),
          },
          {
            title: 'Size of what attention gives',
            x: entries,
            y: { label: 'root mean square of a component', range: [0, 1] },
            series: overLengths(({ output }) => output.rms),
          },
          {
            title: 'Largest weight of a row',
            x: entries,
            y: { label: 'mean over questions', range: [0, 1] },
            series: overLengths(({ peak }) => peak),
          },
        ],
      },
    },
  ]
}

type LookupRunTest = TrainedSetting['runs'][number]['longer'][number]

/** The tests of all runs at each length. */
export const lengthsOf = ({ runs }: TrainedSetting): { entries: number; tests: LookupRunTest[] }[] =>
  runs[0].longer.map(({ entries }, at) => ({ entries, tests: runs.map(({ longer }) => longer[at]) }))

const curve = (
  name: string,
  trained: TrainedSetting,
  quantity: (point: LookupPoint) => number | undefined,
): PlotSeries => ({
  name,
  points: overSteps(trained, quantity).map(({ step, spread }) => point(step, spread)),
})

const accuracyPanel = (
  title: string,
  training: readonly TrainedSetting[],
  name: (trained: TrainedSetting) => string,
): PlotPanel => ({
  title,
  x: { label: 'step' },
  y: { label: 'share, on unseen dictionaries', range: [0, 1] },
  series: training.map((trained) => curve(name(trained), trained, ({ accuracy }) => accuracy)),
})

function scorePanels(scores: readonly ScoreStatistics[]): PlotPanel[] {
  const x = { label: 'd_k', log: true, ticks: [1, 4, 16, 64, 256, 1024] }
  const lines = (quantity: (row: ScoreStatistics) => Spread, name = '', firstColour = 0): PlotSeries[] =>
    [true, false].map((scaled, n) => ({
      name: `${scaled ? 'q·k / √d_k' : 'q·k'}${name}`,
      colour: firstColour + n,
      points: scores.filter((row) => row.scaled === scaled).map((row) => point(row.keySize, quantity(row))),
    }))
  return [
    {
      title: 'Variance of the scores',
      x,
      y: { label: 'variance', log: true },
      series: lines((row) => row.variance),
    },
    {
      title: 'Largest weight of a row',
      x,
      y: { label: 'mean over queries', range: [0, 1] },
      series: lines((row) => row.peak),
    },
    {
      title: 'Gradient that softmax lets through to the scores',
      x,
      y: { label: 'norm, mean over queries', range: [0, 0.1] },
      series: lines((row) => row.scoreGradient),
    },
    {
      title: 'Gradient that reaches the query',
      x,
      y: { label: 'norm: mean, and the middle query', log: true },
      series: [
        ...lines((row) => row.queryGradient, ', mean'),
        ...lines((row) => row.medianQueryGradient, ', middle', 2),
      ],
    },
  ]
}
