import {
  median,
  type ScalingReport,
  type ScoreStatistics,
  type SoftmaxReport,
  type Spread,
  stepsTo,
  spread,
  type TrainedSetting,
} from 'heed/experiments'
import { fixed, weight2, weight3 } from 'heed/look'

/** What the reports say, in sentences and table rows: every number in them is computed from the report. */

type Report = ScalingReport | SoftmaxReport

/** The share of right answers from which a look-up counts as learned. */
const LEARNED = 0.9

export function scoresFinding({ scores }: ScalingReport): string {
  const most = Math.max(...scores.map(({ keySize }) => keySize))
  const of = (scaled: boolean) => scores.find((row) => row.keySize === most && row.scaled === scaled)!
  return `At d_k = ${most.toLocaleString('en')} the largest weight is ${weight2(of(true).peak.median)} with 1/√d_k and ${weight2(of(false).peak.median)} without`
}

export const scoresNote = ({ settings: { seeds, scores } }: ScalingReport): string =>
  `${scores.keys} keys, ${scores.queries} queries, components N(0, 1). ${overSeeds(seeds)}`

export const trainingNote = ({ settings: { seeds, steps, rate, task, training } }: Report): string =>
  `Dictionary look-up: ${training.entries} entries, ${task.keys} keys, ${task.values} values, width ${task.width}, one head; ${steps} steps of ${training.batch} dictionaries, AdamW at ${rate}. ${overSeeds(seeds)}`

const overSeeds = (seeds: number) => (seeds === 1 ? 'One seed.' : `Median and range of ${seeds} seeds.`)

/** Which of some settings learn the task first, and which do not. */
export function trainingFinding(
  report: Report,
  training: readonly TrainedSetting[],
  name: (trained: TrainedSetting) => string,
): string {
  const when = training.map((trained) => ({ name: name(trained), step: median(stepsTo(trained, LEARNED)) }))
  const learned = when.filter(({ step }) => step < Infinity).sort((a, b) => a.step - b.step)
  const rest = when.filter(({ step }) => !(step < Infinity)).map(({ name }) => name)
  const steps = learned.map(({ name, step }) => `${name} by step ${step}`)
  const size = report.experiment === 'scaling' ? ` at d_k = ${training[0].setting.keySize}` : ''
  const never = rest.length > 0 ? `${rest.join('; ')} not within ${report.settings.steps}` : ''
  return `90 % right${size}: ${[...steps, never].filter((part) => part !== '').join('; ')}`
}

/** How large the first gradients are, of the first two settings: with the paper's scale and without. */
export function gradientFinding(
  training: readonly TrainedSetting[],
  name: (trained: TrainedSetting) => string,
): string {
  const sizes = training
    .slice(0, 2)
    .map(
      (trained) =>
        `${fixed(median(trained.runs.map(({ points }) => points[1].gradients!.query)))} with ${name(trained)}`,
    )
  return `At d_k = ${training[0].setting.keySize} the gradient of W_Q starts at ${sizes.join(' and at ')}`
}

export function lengthFinding({ training, settings }: SoftmaxReport): string {
  const { longer } = training[0].runs[0]
  const learned = training
    .map(({ setting, runs }) => {
      const [short, long] = [0, -1].map((at) => median(runs.map(({ longer }) => longer.at(at)!.accuracy)))
      return { name: setting.name, short, long, lost: short - long }
    })
    .filter(({ short }) => short >= LEARNED)
  if (learned.length === 0) return `None learned the look-up in ${settings.steps} steps`
  const parts = learned
    .filter(({ lost }) => lost > 0.02)
    .sort((a, b) => b.lost - a.lost)
    .map(({ name, short, long }) => `${name} falls from ${weight2(short)} to ${weight2(long)}`)
  const kept = learned.filter(({ lost }) => !(lost > 0.02)).map(({ name }) => name)
  if (kept.length > 0) parts.push(`${kept.join(', ')} ${kept.length > 1 ? 'lose' : 'loses'} at most .02`)
  return `Trained on ${longer[0].entries} entries, asked with ${longer.at(-1)!.entries}: ${parts.join(', ')}`
}

/** `0.98 (0.97–1.00)`; one number where all runs gave the same. */
const range = ({ median, low, high }: Spread): string =>
  weight2(low) === weight2(high) ? weight2(median) : `${weight2(median)} (${weight2(low)}–${weight2(high)})`

/** What a person sees of statistics: a row for each d_k. */
export function scoreRows(scores: readonly ScoreStatistics[]): string[][] {
  const sizes = [...new Set(scores.map(({ keySize }) => keySize))]
  const both = (keySize: number, quantity: (row: ScoreStatistics) => Spread, write = weight2) =>
    [true, false].map((scaled) =>
      write(quantity(scores.find((row) => row.keySize === keySize && row.scaled === scaled)!).median),
    )
  return [
    ['d_k', 'variance', '', 'largest', 'weight', '‖∂L/∂s‖', '', 'middle', '‖∂L/∂q‖'],
    ['', '/√d_k', 'none', '/√d_k', 'none', '/√d_k', 'none', '/√d_k', 'none'],
    ...sizes.map((keySize) => [
      keySize.toLocaleString('en'),
      ...both(keySize, (row) => row.variance),
      ...both(keySize, (row) => row.peak),
      ...both(keySize, (row) => row.scoreGradient),
      ...both(keySize, (row) => row.medianQueryGradient, weight3),
    ]),
  ]
}

export function scalingRows({ training }: ScalingReport): string[][] {
  return [
    ['setting', '90 %', 'right at the end', 'right answers'],
    ['', 'at step', '', 'by step'],
    ...training.map((trained) => [
      trained.setting.name,
      learnedAt(trained),
      range(spread(trained.runs.map(({ points }) => points.at(-1)!.accuracy))),
      sparkline(trained),
    ]),
  ]
}

export function softmaxRows({ training }: SoftmaxReport): string[][] {
  const lengths = training[0].runs[0].longer.map(({ entries }) => entries)
  return [
    ['weights by', '90 %', 'right of', ...lengths.slice(1).map(() => ''), 'row sums', 'right answers'],
    ['', 'at step', ...lengths.map(String), '', 'by step'],
    ...training.map((trained) => {
      const sums = trained.runs.map(({ longer }) => longer[0].rowSum)
      return [
        trained.setting.name,
        learnedAt(trained),
        ...lengths.map((_, at) => weight2(median(trained.runs.map(({ longer }) => longer[at].accuracy)))),
        `${fixed(Math.min(...sums.map(({ low }) => low)), 1)} to ${fixed(Math.max(...sums.map(({ high }) => high)), 1)}`,
        sparkline(trained),
      ]
    }),
  ]
}

/** The median step; where some runs never come there, how many do. */
function learnedAt(trained: TrainedSetting): string {
  const steps = stepsTo(trained, LEARNED)
  const reached = steps.filter((step) => step < Infinity).length
  if (reached === steps.length) return String(median(steps))
  return reached === 0 ? 'never' : `${reached} of ${steps.length} runs`
}

const BARS = '▁▂▃▄▅▆▇█'

/** Right answers from 0 to 1 at every test, the median of the runs. */
const sparkline = ({ runs }: TrainedSetting): string =>
  runs[0].points
    .map((_, at) => {
      const share = median(runs.map(({ points }) => points[at].accuracy))
      return BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))]
    })
    .join('')
