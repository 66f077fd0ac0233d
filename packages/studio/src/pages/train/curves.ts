import type { PlotAxis } from 'heed/look'

/** What a step of training did. */
export interface Step {
  step: number
  loss: number
  norm?: number
  gradients?: { query: number; key: number; value: number }
}

/** How good the model was: the loss, and scores by name. */
export interface Evaluation {
  step: number
  loss: number
  described?: number
  undescribed?: number
  bleu?: number
  perplexity?: number
}

/** A run's numbers, wherever it is made. */
export interface Told {
  steps: readonly Step[]
  evaluations: readonly Evaluation[]
}

export interface Point {
  x: number
  y: number
}

export interface Line {
  name: string
  points: readonly Point[]
  /** Which token of the look it is drawn in. */
  colour: 'ink' | 'ink-3' | 'q-stroke' | 'k-stroke' | 'v-stroke' | 'w-stroke'
  weight: 'strong' | 'fine'
  /** Another run, for comparison. */
  ghost?: boolean
}

export interface Panel {
  title: string
  y: PlotAxis
  lines: readonly Line[]
  /** Of the numbers that are written; default: three figures. */
  decimals?: number
}

/** Names of panels and lines, in the reader's language. */
export interface CurveWords {
  loss: string
  lossAxis: string
  train: string
  valid: string
  scores: Readonly<Record<ScorePanel, string>>
  scoreAxis: string
  bleuAxis: string
  perplexityAxis: string
  described: string
  undescribed: string
  gradients: string
  /** Of the mean of so many steps. */
  gradientAxis: (steps: number) => string
  norm: string
}
type ScorePanel = 'accuracy' | 'bleu' | 'perplexity'

const pointsOf = <R extends { step: number }>(
  rows: readonly R[],
  of: (row: R) => number | undefined,
): Point[] =>
  rows.flatMap((row) => {
    const y = of(row)
    return y === undefined ? [] : [{ x: row.step, y }]
  })

/** Gradients jump from step to step: means of so many steps one after another make lines of about this many points. */
const MEANS = 160

/** How many steps of a run are one point of its gradients. */
export const windowOf = (steps: number): number => Math.max(1, Math.round(steps / MEANS))

/** Means of `size` numbers of steps one after another, at the last of them; what is left over at the end has none yet. */
export function means(points: readonly Point[], size: number): Point[] {
  const whole = Math.floor(points.length / size)
  return Array.from({ length: whole }, (_, n) => {
    const some = points.slice(n * size, (n + 1) * size)
    return { x: some[size - 1].x, y: some.reduce((sum, { y }) => sum + y, 0) / size }
  })
}

type Style = Pick<Line, 'colour' | 'weight'>
const strong: Style = { colour: 'ink', weight: 'strong' }
const fine: Style = { colour: 'ink-3', weight: 'fine' }

/**
 * All panels of a run, those of `before` laid under it on the same axes. Panels that have nothing are left out.
 *
 * @param window how many steps are one point of the gradients
 */
export function panelsOf(now: Told, before: Told | undefined, words: CurveWords, window = 1): Panel[] {
  const lines = (name: string, style: Style, of: (told: Told) => Point[]): Line[] => [
    ...(before && of(before).length > 0 ? [{ name, ...style, points: of(before), ghost: true }] : []),
    ...(of(now).length > 0 ? [{ name, ...style, points: of(now) }] : []),
  ]
  const steps = (of: (step: Step) => number | undefined) => (told: Told) => pointsOf(told.steps, of)
  const scores = (of: (evaluation: Evaluation) => number | undefined) => (told: Told) =>
    pointsOf(told.evaluations, of)
  const projection = (of: (norms: NonNullable<Step['gradients']>) => number) => (told: Told) =>
    means(
      pointsOf(told.steps, ({ gradients }) => gradients && of(gradients)),
      window,
    )
  const panels: Panel[] = [
    {
      title: words.loss,
      y: { label: words.lossAxis, log: true },
      lines: [
        ...lines(
          words.train,
          fine,
          steps(({ loss }) => loss),
        ),
        ...lines(
          words.valid,
          strong,
          scores(({ loss }) => loss),
        ),
      ],
    },
    {
      title: words.scores.accuracy,
      y: { label: words.scoreAxis, range: [0, 1] },
      decimals: 2,
      lines: [
        ...lines(
          words.undescribed,
          fine,
          scores(({ undescribed }) => undescribed),
        ),
        ...lines(
          words.described,
          strong,
          scores(({ described }) => described),
        ),
      ],
    },
    {
      title: words.scores.bleu,
      y: { label: words.bleuAxis, range: [0, 0] },
      lines: lines(
        words.valid,
        strong,
        scores(({ bleu }) => bleu),
      ),
    },
    {
      title: words.scores.perplexity,
      y: { label: words.perplexityAxis, log: true },
      lines: lines(
        words.valid,
        strong,
        scores(({ perplexity }) => perplexity),
      ),
    },
    {
      title: words.gradients,
      y: { label: words.gradientAxis(window), log: true },
      lines: [
        ...lines(
          'W_Q',
          { colour: 'q-stroke', weight: 'strong' },
          projection(({ query }) => query),
        ),
        ...lines(
          'W_K',
          { colour: 'k-stroke', weight: 'strong' },
          projection(({ key }) => key),
        ),
        ...lines(
          'W_V',
          { colour: 'v-stroke', weight: 'strong' },
          projection(({ value }) => value),
        ),
      ],
    },
    {
      title: words.norm,
      y: { label: words.gradientAxis(1), log: true },
      lines: lines(
        words.norm,
        strong,
        steps(({ norm, gradients }) => (gradients ? undefined : norm)),
      ),
    },
  ]
  return panels.filter((panel) => panel.lines.length > 0)
}

/**
 * Of many points so few as a line of so many pixels can show: of every pixel's the first, the lowest, the highest and the last,
 * so that no peak is lost.
 */
export function thinned(points: readonly Point[], most: number): readonly Point[] {
  if (points.length <= 4 * most) return points
  const [from, to] = [points[0].x, points[points.length - 1].x]
  const bins = new Map<number, Point[]>()
  for (const point of points) {
    const bin = Math.min(most - 1, Math.floor(((point.x - from) / (to - from)) * most))
    bins.set(bin, [...(bins.get(bin) ?? []), point])
  }
  return [...bins.values()].flatMap((bin) => {
    const low = bin.reduce((a, b) => (b.y < a.y ? b : a))
    const high = bin.reduce((a, b) => (b.y > a.y ? b : a))
    return bin.filter((point) => [bin[0], low, high, bin[bin.length - 1]].includes(point))
  })
}

/** What a line is at a step: its last point up to there. */
export const valueAt = (points: readonly Point[], step: number): Point | undefined =>
  points.findLast(({ x }) => x <= step)

/** The share of right answers that counts as having learned it, of what the run before came to. */
const LEARNED = 0.9

/** How soon a run learned beside another: by the first evaluation at which it has nine tenths of what that one came to. */
export type Pace = 'sooner' | 'same' | 'later' | 'never'

export function paceBeside(before: Told, now: Told): Pace | undefined {
  const last = before.evaluations.at(-1)?.described
  if (last === undefined) return undefined
  const reached = ({ evaluations }: Told) =>
    evaluations.find(({ described }) => described !== undefined && described >= LEARNED * last)?.step
  const [a, b] = [reached(before), reached(now)]
  if (b === undefined) return 'never'
  const ratio = Math.max(1, b) / Math.max(1, a!)
  return ratio > 1.25 ? 'later' : ratio < 0.8 ? 'sooner' : 'same'
}
