import type { Command } from 'commander'
import { HeedError } from 'heed'
import { exists, writeFileAtomic } from 'heed/io'
import { displayWidth, plotSvg, visibleLine, wrap } from 'heed/look'
import { findRuns, readRun, readSamples, type RunSummary } from 'heed/train'
import { checkWritable } from '../files.js'
import { runsPlot } from '../run-views/plots.js'
import { type Found, facts, listAlign, listHead, listParts, listRow, sampleRows } from '../run-views/words.js'
import { outputColumns } from '../terminal/columns.js'
import { screen } from '../terminal/screen.js'
import { table } from '../terminal/table.js'

interface RunsFlags {
  json?: true
  svg?: string
}

/** Where runs are looked for. */
export const usualRuns = 'runs'

export function addRuns(program: Command): void {
  program
    .command('runs')
    .description('list training runs, show one, draw their curves')
    .argument('[folders...]', `run folders, or folders that hold some (default: ${usualRuns})`)
    .option('--svg <file>', 'draw loss, validation and rate of the runs on one scale')
    .option('--json', 'print one JSON document: the runs, their metrics and samples')
    .addHelpText(
      'after',
      `
A curve in the list is the smoothed training loss, from the run's highest to its
lowest. The time is that of the steps, without evaluations and checkpoints. A run
whose process is gone without a word counts as stopped: resume it.

Examples:
  heed runs
  heed runs runs/en-de
  heed runs runs/a runs/b --svg curves.svg
  heed runs --json`,
    )
    .action(runRuns)
}

async function runRuns(folders: string[], { json, svg }: RunsFlags): Promise<void> {
  if (svg !== undefined) await checkWritable(svg)
  const paths = await pathsIn(folders)
  // A run that is named must be whole; in a list the others are worth showing.
  const read = json ? withSamples : readRun
  const one = folders.length === 1 && paths[0] === folders[0] ? await read(paths[0]) : undefined
  const runs = one ? [one] : await Promise.all(paths.map((path) => found(path, read)))
  const whole = runs.flatMap((run) => ('damaged' in run ? [] : [run]))
  if (svg !== undefined) {
    if (whole.length === 0) throw new HeedError('input', `${svg}: there is no run to draw`)
    await writeFileAtomic(svg, plotSvg(runsPlot(whole)))
  }
  if (json)
    return print([JSON.stringify(runs.map((run) => ('samples' in run ? run : { ...run, samples: [] })))])
  if (runs.length === 0) {
    const where = folders.length > 0 ? folders.join(', ') : `${usualRuns}/`
    return print([visibleLine(`no run in ${where}; heed train makes one with --out`)])
  }
  print(one ? await detail(one) : list(runs))
  if (svg !== undefined) print([visibleLine(`wrote ${svg}`)])
}

const print = (lines: readonly string[]) => void process.stdout.write(`${lines.join('\n')}\n`)

async function pathsIn(folders: readonly string[]): Promise<string[]> {
  if (folders.length > 0) return (await Promise.all(folders.map(findRuns))).flat()
  return (await exists(usualRuns)) ? findRuns(usualRuns) : []
}

const withSamples = async (folder: string) => ({
  ...(await readRun(folder)),
  samples: await readSamples(folder),
})

async function found(folder: string, read: (folder: string) => Promise<RunSummary>): Promise<Found> {
  try {
    return await read(folder)
  } catch (error) {
    if (!(error instanceof HeedError)) throw error
    return { folder, damaged: error.message }
  }
}

function list(runs: readonly Found[]): string[] {
  const { style } = screen()
  const columns = outputColumns(Infinity)
  const paint = (text: string, row: number) => (row === 0 ? style.quiet(text) : text)
  const rows = [...listHead, ...runs.map(listRow)]
  const plain = table(rows, { align: listAlign })
  if (plain.every((line) => displayWidth(line) <= columns)) return table(rows, { align: listAlign, paint })
  return runs
    .map(listParts)
    .flatMap(({ name, parts }) => [
      ...wrap(visibleLine(name), columns).map(style.strong),
      ...filled(parts.map(visibleLine), columns - 2).map((line) => `  ${line}`),
    ])
}

/** As many parts on a line as fit; none is broken unless it is wider than the line. */
function filled(parts: readonly string[], columns: number): string[] {
  const lines: string[] = []
  for (const part of parts) {
    const longer = lines.length > 0 ? `${lines[lines.length - 1]} · ${part}` : part
    if (lines.length > 0 && displayWidth(longer) <= columns) lines[lines.length - 1] = longer
    else lines.push(part)
  }
  return lines.flatMap((line) => wrap(line, columns))
}

async function detail(run: RunSummary): Promise<string[]> {
  const { strong, style, columns } = screen()
  const rows = [...facts(run), ...sampleRows(await readSamples(run.folder))]
  const paint = (text: string, _: number, column: number) => (column === 0 ? style.quiet(text) : text)
  return [...strong(run.folder), ...table(rows, { columns, paint })]
}
