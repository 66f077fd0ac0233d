import { type Command, Option } from 'commander'
import { HeedError } from 'heed'
import { type PatchSweep, patchSweep } from 'heed/lens'
import { type DrawnSweep, fixed, sweepSvg, visible } from 'heed/look'
import { interruptible } from '../interrupt.js'
import { openModel } from '../model.js'
import { collect, dtypeOption, type ModelFlags, modelOption, wholeNumber } from '../options.js'
import { checkPictures, pictureOptions, type PictureFlags, writePicture } from '../pictures.js'
import { withProgress } from '../terminal/progress.js'
import { screen } from '../terminal/screen.js'
import { renderSweep } from '../terminal/sweep.js'

interface PatchFlags extends ModelFlags, PictureFlags {
  over: 'positions' | 'heads'
  activation?: string[]
  answer?: string
  wrong?: string
  position?: number
  beam?: number
  json?: true
}

export function addPatch(program: Command): void {
  program
    .command('patch')
    .description('put activations of one text into another, and see which bring its outcome along')
    .argument('<clean>', 'the text whose outcome is to be restored')
    .argument('<corrupt>', 'a text of as many tokens with another outcome')
    .addOption(modelOption())
    .addOption(dtypeOption())
    .addOption(
      new Option('--over <what>', 'what a cell puts in place')
        .choices(['positions', 'heads'])
        .default('positions'),
    )
    .option(
      '--activation <name>',
      "activations by name or pattern, such as 'layers.*.attention'; repeatable (default: what layers give, or their heads)",
      collect(String),
    )
    .option('--answer <token>', 'the token that the clean text asks for (default: what its run says)')
    .option('--wrong <token>', 'the token it is measured against (default: what the corrupt run says)')
    .option('--position <n>', 'the token whose prediction is measured, from 0', wholeNumber(0))
    .option('--beam <n>', 'hypotheses kept by a model that translates; 1 is greedy', wholeNumber(1, 64))
    .addOption(pictureOptions.svg)
    .addOption(pictureOptions.png)
    .addOption(pictureOptions.theme)
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText(
      'after',
      `
The clean text is run and its activations are kept; then the corrupt text is
run once for each cell, with one of them put in place: at one position, or of
one head. A cell says how much of the clean outcome that restores: 0 none of
it, 1 all of it. Outcome is the logit of the answer less that of the wrong
token, or log p of the answer where only that is named. Texts must have as many
tokens as each other. A model that translates is measured where the two
translations part, and reads the clean translation in all runs. A token may
begin with a space: " Paris".

Examples:
  heed patch "The capital of France is" "The capital of Italy is" --model ./gpt2
  heed patch "The dog sleeps." "The cat sleeps." --over heads
  heed patch "The dog sleeps." "The cat sleeps." --activation 'decoder.*.output' --svg sweep.svg`,
    )
    .action(runPatch)
}

async function runPatch(clean: string, corrupt: string, flags: PatchFlags): Promise<void> {
  const { over, activation: activations, answer, wrong, position, beam, theme } = flags
  if (clean.trim() === '' || corrupt.trim() === '')
    throw new HeedError('input', 'a text is empty; give two that differ in what is asked about')
  await interruptible(async (signal) => {
    const pictures = await checkPictures(flags)
    using model = await openModel(flags, signal)
    const options = { over, activations, answer, wrong, position, beam, signal }
    const sweep = await withProgress('patching', 'passes', (onProgress) =>
      patchSweep(model, clean, corrupt, { ...options, onProgress }),
    )
    const drawn = drawnSweep(sweep)
    const written: string[] = []
    for (const file of pictures) written.push(await writePicture(file, sweepSvg(drawn, { theme })))
    if (flags.json) process.stdout.write(`${JSON.stringify({ model: flags.model, ...sweep })}\n`)
    else {
      const { columns, style, quiet } = screen()
      const lines = renderSweep(drawn, columns, style)
      const outputs = [sweep.clean, sweep.corrupt].flatMap(({ text, output }) =>
        output === null ? [] : quiet(`${text} → ${output}`),
      )
      process.stdout.write(`${[...outputs, ...(outputs.length > 0 ? [''] : []), ...lines].join('\n')}\n`)
    }
    for (const line of written) process.stderr.write(`${line}\n`)
  })
}

/** Tokens are rows, to be read; layers or heads are columns. */
function drawnSweep({ over, activations, columns, values, metric, clean, corrupt }: PatchSweep): DrawnSweep {
  const { answer, wrong, position } = metric
  const strongest = values
    .flatMap((row, i) => row.map((value, j) => ({ value, i, j })))
    .reduce((best, cell) => (cell.value > best.value ? cell : best))
  const token = (at: number) => {
    const [a, b] = [visible(columns![at].clean.text), visible(columns![at].corrupt.text)]
    return a === b ? a : `${a} / ${b}`
  }
  const where = over === 'heads' ? `Head ${strongest.j}` : `“${token(strongest.j)}”`
  const outcome = wrong
    ? `logit of “${visible(answer.text)}” less “${visible(wrong.text)}”`
    : `log p of “${visible(answer.text)}”`
  const shared = {
    title: `${where} of ${activations[strongest.i]} restores the most: ${fixed(strongest.value)}`,
    note: `${outcome} after token ${position}: clean ${fixed(clean.measured)}, corrupt ${fixed(corrupt.measured)}`,
    name: 'restored',
  }
  if (over === 'heads')
    return {
      ...shared,
      rowLabel: 'heads of',
      columnLabel: 'head',
      rows: activations,
      columns: values[0].map((_, head) => String(head)),
      values,
    }
  return {
    ...shared,
    rowLabel: 'clean / corrupt',
    columnLabel: commonPart(activations),
    rows: columns!.map((_, at) => token(at)),
    columns: activations.map((name) => name.split('.').find((part) => /^\d+$/.test(part)) ?? name),
    values: columns!.map((_, at) => values.map((row) => row[at])),
  }
}

/** `layers.N.output` for the activations of several layers. */
function commonPart(activations: readonly string[]): string {
  const general = new Set(activations.map((name) => name.replace(/\d+/, 'N')))
  return [...general].join(', ')
}
