import type { Command } from 'commander'
import { HeedError } from 'heed'
import { writeFileAtomic } from 'heed/io'
import { checkWritable } from '../files.js'
import { type Change, interventionsOf, withHelp, withOption } from '../changes.js'
import { linesOf, readLines } from '../input.js'
import { interruptible } from '../interrupt.js'
import { openTranslator } from '../model.js'
import { dtypeOption, type ModelFlags, modelOption, wholeNumber } from '../options.js'
import { createProgress } from '../terminal/progress.js'

interface TranslateFlags extends ModelFlags {
  file?: string
  out?: string
  beam?: number
  with?: Change[]
}

export function addTranslate(program: Command): void {
  program
    .command('translate')
    .description('translate a text, a file or standard input, a line per line')
    .argument('[text]', 'the text; without it and without --file, lines are read from standard input')
    .addOption(modelOption())
    .addOption(dtypeOption())
    .option('--file <file>', 'translate each line of a file (UTF-8)')
    .option('--out <file>', 'write to a file, whole or not at all, instead of standard output')
    .option('--beam <n>', 'hypotheses kept; 1 is greedy (default: as the model says, 4)', wholeNumber(1, 64))
    .addOption(withOption())
    .addHelpText(
      'after',
      `
The output has as many lines as the input: an empty line stays empty, and a line
that is longer than the model's positions is translated as far as they go, with
a warning on standard error.
${withHelp}

Examples:
  heed translate "I see a dog."
  heed translate --file in.txt --out out.txt
  echo "Good morning." | heed translate --beam 1`,
    )
    .action(runTranslate)
}

async function runTranslate(text: string | undefined, flags: TranslateFlags): Promise<void> {
  if (text !== undefined && flags.file !== undefined)
    throw new HeedError('option', 'a text and --file were both given; give one of them')
  if (text?.trim() === '')
    throw new HeedError(
      'input',
      'the text is empty; give a sentence, for example heed translate "I see a dog."',
    )
  await interruptible(async (signal) => {
    if (flags.out !== undefined) await checkWritable(flags.out, flags.file)
    const lines = text === undefined ? await readLines(flags.file, signal) : linesOf(text)
    using model = await openTranslator(flags, signal)
    const progress = lines.length > 1 ? createProgress({ label: 'translating' }) : undefined
    try {
      const translated = await model.translate(lines, {
        beam: flags.beam,
        with: await interventionsOf(flags.with, model, signal),
        signal,
        onProgress: ({ done, total }) => progress?.update({ done, total, unit: 'lines' }),
        onTooLong: ({ index, tokens, limit }) =>
          process.stderr.write(
            `heed: line ${index + 1} has ${tokens} tokens, the model takes ${limit}; translated as far as they go\n`,
          ),
      })
      const output = translated.map((line) => `${line.replace(control, ' ')}\n`).join('')
      if (flags.out !== undefined) await writeFileAtomic(flags.out, output)
      else process.stdout.write(output)
    } finally {
      progress?.finish()
    }
  })
}

/** Controls but the tab: some reader takes them for the end of a line, and a terminal for commands. */
const control = /\s*(?!\t)[\p{Cc}\u2028\u2029]\s*/gu
