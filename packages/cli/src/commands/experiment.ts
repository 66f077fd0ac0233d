import { join } from 'node:path'
import type { Command } from 'commander'
import { HeedError, useBackend } from 'heed'
import {
  type ExperimentOptions,
  type ScalingReport,
  scalingExperiment,
  type SoftmaxReport,
  softmaxExperiment,
} from 'heed/experiments'
import { makeFolder, writeFileAtomic } from 'heed/io'
import { plotSvg, visibleLine } from 'heed/look'
import {
  lengthFinding,
  scalingRows,
  scoreRows,
  scoresFinding,
  scoresNote,
  softmaxRows,
  trainingNote,
} from '../experiments/words.js'
import { type NamedPlot, scalingPlots, softmaxPlots } from '../experiments/plots.js'
import { checkWritable } from '../files.js'
import { interruptible } from '../interrupt.js'
import { realNumber, wholeNumber } from '../options.js'
import { createProgress } from '../terminal/progress.js'
import { screen } from '../terminal/screen.js'
import { table } from '../terminal/table.js'

interface ExperimentFlags {
  steps: number
  seeds: number
  rate: number
  json?: true
  svg?: string
  threads?: number
}

export function addExperiment(program: Command): void {
  const experiment = program.command('experiment').description('measure why attention is made as it is')
  add(experiment, {
    name: 'scaling',
    description: 'why scores are divided by √d_k: what softmax makes of them, and how training goes',
    run: scalingExperiment,
    plots: scalingPlots,
    print: printScaling,
  })
  add(experiment, {
    name: 'softmax',
    description: 'why softmax: the same task with sparsemax, relu, sigmoid, linear and hardmax instead',
    run: softmaxExperiment,
    plots: softmaxPlots,
    print: printSoftmax,
  })
}

/** One experiment: what it computes, draws and prints. */
interface Experiment<Report> {
  name: string
  description: string
  run: (options: ExperimentOptions) => Promise<Report>
  plots: (report: Report) => NamedPlot[]
  print: (report: Report) => void
}

function add<Report>(experiments: Command, experiment: Experiment<Report>): void {
  const { name, description } = experiment
  experiments
    .command(name)
    .description(description)
    .option('--steps <n>', 'updates of each training run', wholeNumber(1), 240)
    .option('--seeds <n>', 'runs of each setting', wholeNumber(1), 5)
    .option('--rate <rate>', 'AdamW’s rate, the same for all settings', realNumber(0, Infinity, true), 0.003)
    .option('--json', 'print all data as one JSON document')
    .option('--svg <path>', 'also draw: a folder for all pictures, or a file *.svg for one with all panels')
    .option('--threads <n>', 'threads (default: the machine’s cores)', wholeNumber(1, 64))
    .addHelpText(
      'after',
      `
Every run trains one attention, and nothing else that could help it, to look up
dictionaries it has not seen: the same data, seeds and steps for all settings.

Examples:
  heed experiment ${name}
  heed experiment ${name} --svg pictures
  heed experiment ${name} --steps 1000 --seeds 9 --rate 0.001
  heed experiment ${name} --json > ${name}.json`,
    )
    .action((flags: ExperimentFlags) => run(experiment, flags))
}

async function run<Report>(experiment: Experiment<Report>, flags: ExperimentFlags): Promise<void> {
  const { svg, json, threads, ...options } = flags
  const oneFile = svg?.endsWith('.svg') ?? false
  if (svg !== undefined && !oneFile && /\.\w+$/.test(svg))
    throw new HeedError('option', `${svg}: plots are SVG; name a file *.svg, or a folder without a dot`)
  await interruptible(async (signal) => {
    if (svg !== undefined)
      if (oneFile) await checkWritable(svg)
      else await makeFolder(svg)
    await useBackend('wasm', { threads })
    const progress = createProgress({ label: 'training' })
    const report = await experiment
      .run({
        ...options,
        signal,
        onProgress: ({ done, total, setting, seed }) =>
          progress.update({ done, total, unit: 'steps', text: `${setting} · seed ${seed}` }),
      })
      .finally(() => progress.finish())
    if (svg !== undefined) await draw(experiment.plots(report), svg, oneFile)
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`)
    else experiment.print(report)
  })
}

async function draw(plots: readonly NamedPlot[], path: string, oneFile: boolean): Promise<void> {
  const [{ plot }] = plots
  const files = oneFile
    ? [{ file: path, plot: { ...plot, panels: plots.flatMap(({ plot }) => plot.panels) } }]
    : plots.map(({ name, plot }) => ({ file: join(path, `${name}.svg`), plot }))
  for (const { file, plot } of files) {
    await writeFileAtomic(file, plotSvg(plot))
    process.stderr.write(`wrote ${visibleLine(file)}\n`)
  }
}

function printScaling(report: ScalingReport): void {
  const { columns, strong, quiet } = screen()
  const right = Array<'right'>(9).fill('right')
  say([
    ...strong(scoresFinding(report)),
    ...quiet(scoresNote(report)),
    '',
    ...table(scoreRows(report.scores), { columns, align: right }),
    '',
    ...quiet(trainingNote(report)),
    '',
    ...table(scalingRows(report), { columns }),
  ])
}

function printSoftmax(report: SoftmaxReport): void {
  const { columns, strong, quiet } = screen()
  say([
    ...strong(lengthFinding(report)),
    ...quiet(trainingNote(report)),
    '',
    ...table(softmaxRows(report), { columns }),
  ])
}

const say = (lines: readonly string[]) => process.stdout.write(`${lines.join('\n')}\n`)
