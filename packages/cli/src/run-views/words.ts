import { basename } from 'node:path'
import type { RunSummary, SamplesRow } from 'heed/train'
import { sparkline } from '../terminal/sparkline.js'

/** A run, or what is wrong with its folder. */
export type Found = RunSummary | { folder: string; damaged: string }

/** Bars of a curve in the list, and in the view of one run. */
const [CURVE, WIDE_CURVE] = [12, 40]

export const nameOf = ({ folder }: { folder: string }): string => basename(folder)

const grouped = (x: number) => Math.round(x).toLocaleString('en')
/** `812`, `40.7 k`, `7.58 M`: three digits, which is what anyone reads. */
const short = (x: number) => {
  const power = x < 999.5 ? 0 : x < 999_500 ? 1 : x < 999_500_000 ? 2 : 3
  const scaled = x / 1000 ** power
  return `${scaled.toFixed(power === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2)}${['', ' k', ' M', ' G'][power]}`
}
const orNothing = <T>(x: T | undefined, words: (x: T) => string) => (x === undefined ? '' : words(x))
const three = (x: number) => x.toFixed(3)

/** `40 s`, `12 min`, `1 h 20 min`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const score = (validation: RunSummary['last']) => {
  const { bleu, perplexity } = validation ?? {}
  if (bleu !== undefined) return `BLEU ${bleu.toFixed(1)}`
  return orNothing(perplexity, (x) => `perplexity ${x.toFixed(2)}`)
}

const curve = (run: RunSummary, width: number) =>
  sparkline(
    run.metrics.flatMap(({ smoothedLoss, loss }) => smoothedLoss ?? loss ?? []),
    width,
  )

export const listHead = [
  ['run', 'task', 'size', 'steps', 'loss', 'its curve', 'valid', 'score', 'tokens/s', 'time', 'state'],
]
/** Which columns of the list are numbers. */
export const listAlign = listHead[0].map((name) =>
  ['size', 'steps', 'loss', 'valid', 'tokens/s', 'time'].includes(name) ? 'right' : 'left',
) as ('left' | 'right')[]

/** The cells of a run in the list. */
export function listRow(run: Found): string[] {
  if ('damaged' in run) return [nameOf(run), ...Array<string>(9).fill(''), `damaged: ${run.damaged}`]
  return [
    nameOf(run),
    run.task ?? '',
    orNothing(run.parameters, short),
    `${grouped(run.step)}${orNothing(run.steps, (n) => ` of ${grouped(n)}`)}`,
    orNothing(run.loss, three),
    curve(run, CURVE),
    orNothing(run.last, ({ loss }) => three(loss)),
    score(run.last),
    orNothing(run.tokensPerSecond, grouped),
    duration(run.seconds),
    run.state,
  ]
}

/** A run in the list where a line of cells would be too wide: its name, and what there is to say part by part. */
export function listParts(run: Found): { name: string; parts: string[] } {
  const [name, ...cells] = listRow(run)
  const labels = ['', '', 'steps ', 'loss ', '', 'valid ', '', '', '', '']
  const after = (n: number) => (listHead[0][n + 1] === 'tokens/s' ? ' tokens/s' : '')
  return { name, parts: cells.flatMap((cell, n) => (cell === '' ? [] : [labels[n] + cell + after(n)])) }
}

/** One run, fact by fact: [what it is, what it says]. */
export function facts(run: RunSummary): [string, string][] {
  const { task, parameters, steps, step, tokens, tokensPerSecond, seconds, last, best, settings } = run
  const over = (values: readonly number[], words: (x: number) => string) =>
    values.length === 0
      ? ''
      : `${words(values[0])} ${sparkline(values, WIDE_CURVE)} ${words(values[values.length - 1])}`
  const column = (of: (row: RunSummary['metrics'][number]) => number | undefined) =>
    run.metrics.flatMap((row) => of(row) ?? [])
  const bestOf =
    best &&
    ` (best at step ${grouped(best.step)}: ${[three(best.loss), score(best)].filter(Boolean).join(', ')})`
  const rows: [string, string][] = [
    ['state', [run.state, run.message].filter(Boolean).join(': ')],
    ['task', [task, orNothing(parameters, (n) => `${short(n)} parameters`)].filter(Boolean).join(', ')],
    ['steps', `${grouped(step)}${orNothing(steps, (n) => ` of ${grouped(n)}`)}, ${short(tokens)} tokens`],
    ['time', `${duration(seconds)} in steps${orNothing(tokensPerSecond, (n) => `, ${grouped(n)} tokens/s`)}`],
    [
      'loss',
      over(
        column(({ smoothedLoss, loss }) => smoothedLoss ?? loss),
        three,
      ),
    ],
    [
      'valid',
      orNothing(
        last,
        () =>
          over(
            column(({ validLoss }) => validLoss),
            three,
          ) + (bestOf ?? ''),
      ),
    ],
    [
      'BLEU',
      over(
        column(({ bleu }) => bleu),
        (x) => x.toFixed(1),
      ),
    ],
    [
      'perplexity',
      over(
        column(({ perplexity }) => perplexity),
        (x) => x.toFixed(2),
      ),
    ],
    [
      'rate',
      over(
        column(({ rate }) => rate),
        (x) => (x === 0 ? '0' : x.toExponential(1)),
      ),
    ],
    ['checkpoints', checkpointWords(run)],
    ['settings', settingWords(settings).join(', ')],
  ]
  return rows.filter(([, says]) => says !== '')
}

/** `steps 60`, `schedule peak 0.0015`; the folder stands above. */
const settingWords = (settings: Record<string, unknown> = {}): string[] =>
  Object.entries(settings).flatMap(([name, value]) => {
    if (name === 'out') return []
    if (typeof value !== 'object' || value === null) return [`${name} ${String(value)}`]
    return Object.entries(value).map(([inner, value]) => `${name} ${inner} ${String(value)}`)
  })

const checkpointWords = ({ checkpoints, bestCheckpoint }: RunSummary) =>
  checkpoints.join(', ') + orNothing(bestCheckpoint, (name) => `; best ${name}`)

/** What the model made of its validation texts at the last evaluation, [what it is, what it says]. */
export const sampleRows = (samples: readonly SamplesRow[]): [string, string][] =>
  samples.slice(-1).flatMap(({ step, samples }) => [
    ['at step', grouped(step)],
    ...samples.flatMap(({ source, output, reference }): [string, string][] => [
      ['given', source],
      ['said', output],
      ['wanted', reference],
    ]),
  ])
