import { type Command, Option } from 'commander'
import { HeedError } from 'heed'
import { readText, writeFileAtomic } from 'heed/io'
import { type MeasureName, measureHeads, measures, sortHeads } from 'heed/lens'
import { visibleLine, wrap } from 'heed/look'
import { checkWritable } from '../files.js'
import { headsCsv, headsJson, measureNames, writeMeasure } from '../heads.js'
import { linesOf, textsOf } from '../input.js'
import { interruptible } from '../interrupt.js'
import { openModel } from '../model.js'
import { collect, dtypeOption, type ModelFlags, modelOption, wholeNumber } from '../options.js'
import { renderHeads, renderTexts } from '../terminal/heads.js'
import { createProgress } from '../terminal/progress.js'
import { screen } from '../terminal/screen.js'

interface HeadsFlags extends ModelFlags {
  file?: string
  site?: string[]
  head?: number[]
  sort: MeasureName
  ascending?: true
  top: number
  texts: number
  json?: true
  csv?: string
}

/** Heads of the table whose texts are listed below it. */
const WITH_TEXTS = 5

const explained = measures.map(({ name, says, formula }) => {
  const lines = [formula, ...wrap(says, 66)]
  return lines.map((line, n) => `  ${(n === 0 ? name : '').padEnd(12)}${line}`).join('\n')
})

export function addHeads(program: Command): void {
  program
    .command('heads')
    .description('measure every attention head over a text or many: which head does this?')
    .argument('[text]', 'the text; or give --file')
    .addOption(modelOption())
    .addOption(dtypeOption())
    .option('--file <file>', 'texts to take the means over, one a line, or of *.jsonl an object with "text"')
    .option('--site <site>', 'attentions, such as encoder.*.self; repeatable', collect(String))
    .option('--head <n>', 'a head by number, from 0; repeatable', collect(wholeNumber(0)))
    .addOption(
      new Option('--sort <measure>', 'what sorts heads and ranks texts').choices(measureNames).default('max'),
    )
    .option('--ascending', 'the lowest first')
    .option('--top <n>', 'heads to show; JSON and CSV have all', wholeNumber(1), 20)
    .option('--texts <n>', 'with --file: top texts of each head', wholeNumber(0), 3)
    .option('--json', 'print one JSON document and nothing else')
    .option('--csv <file>', 'write the table as CSV; - is standard output, and nothing else is printed then')
    .addHelpText(
      'after',
      `
Measures of query i, which stands at place i, over keys j with weights w_ij. A
head has the mean over all queries of all texts. A cross-attention, whose keys
are another text's, has only those that need no places.

${explained.join('\n')}

A measure says where a head looks, not that the output needs it: sources and
limits are in docs/measures.md. The link below a text is its strongest, special
tokens and the first token left out.

Examples:
  heed heads "The elephant is very large."
  heed heads "I see a dog, a big dog." --model ./gpt2 --sort induction
  heed heads --file texts.txt --site 'encoder.*.self' --sort previous
  heed heads --file texts.txt --csv heads.csv
  heed heads "The dog sleeps." --json > heads.json`,
    )
    .action(runHeads)
}

async function runHeads(text: string | undefined, flags: HeadsFlags, command: Command): Promise<void> {
  const { file, csv, json, sort: by, ascending = false } = flags
  if (text === undefined && file === undefined)
    command.error('error: missing a text; give one, or --file with a text on each line', { exitCode: 2 })
  if (text !== undefined && file !== undefined)
    throw new HeedError('option', 'a text and --file were both given; give one of them')
  if (json && csv === '-')
    throw new HeedError('option', '--json and --csv - both print to standard output; name a file for --csv')
  await interruptible(async (signal) => {
    if (csv !== undefined && csv !== '-') await checkWritable(csv, file)
    const texts = file === undefined ? [text!] : textsOf(linesOf(await readText(file)), file)
    if (texts.length === 0) throw new HeedError('input', `${file}: holds no texts; a line is a text`)
    using model = await openModel(flags, signal)
    const progress = createProgress({ label: 'measuring heads' })
    const rows = await measureHeads(model, texts, {
      sites: flags.site,
      heads: flags.head,
      by,
      ascending,
      top: file === undefined ? 1 : flags.texts,
      signal,
      onProgress: ({ done, total }) => progress.update({ done, total, unit: total > 1 ? 'texts' : 'text' }),
      onTooLong: ({ index, tokens, limit }) =>
        void progress.note(
          `heed: text ${index + 1} has ${tokens} tokens, the model takes ${limit}; it is cut`,
        ),
    }).finally(() => progress.finish())
    const sorted = sortHeads(rows, by, ascending)
    if (csv === '-') return void process.stdout.write(headsCsv(sorted))
    if (csv !== undefined) await writeFileAtomic(csv, headsCsv(sorted))
    const document = () => ({
      model: flags.model,
      texts: texts.length,
      sort: by,
      heads: headsJson(sorted, texts),
    })
    process.stdout.write(
      json ? `${JSON.stringify(document())}\n` : `${forTerminal(sorted, texts, flags).join('\n')}\n`,
    )
    if (csv !== undefined) process.stderr.write(`wrote ${visibleLine(csv)}\n`)
  })
}

function forTerminal(
  rows: Awaited<ReturnType<typeof measureHeads>>,
  texts: readonly string[],
  { sort: by, ascending, top, file }: HeadsFlags,
): string[] {
  const { columns, style, strong, quiet } = screen()
  const [first] = rows
  const shown = rows.slice(0, top)
  const most = ascending ? 'lowest' : 'highest'
  const lines = strong(
    first.means[by] === undefined
      ? `A cross-attention has no ${by}`
      : `${first.site} head ${first.head} has the ${most} ${by}, ${writeMeasure(by, first.means[by])}`,
  )
  lines.push(
    ...quiet(
      `${shown.length < rows.length ? `${shown.length} of ` : ''}${rows.length} heads, means over all queries${texts.length > 1 ? ` of ${texts.length.toLocaleString('en')} texts` : ''}`,
    ),
    '',
    ...renderHeads(shown, by, columns, style),
  )
  if (file !== undefined)
    for (const row of shown.slice(0, WITH_TEXTS))
      if (row.top.length > 0) lines.push('', ...renderTexts(row, texts, by, most, columns, style))
  return lines
}
