import type { Command } from 'commander'
import { type Change, interventionsOf, withHelp, withOption } from '../changes.js'
import { interruptible } from '../interrupt.js'
import { openMasked } from '../model.js'
import { dtypeOption, type ModelFlags, modelOption, wholeNumber } from '../options.js'
import { probabilityLines } from '../terminal/probabilities.js'
import { screen } from '../terminal/screen.js'

interface FillFlags extends ModelFlags {
  top: number
  with?: Change[]
  json?: true
}

export function addFill(program: Command): void {
  program
    .command('fill')
    .description('say what may stand in place of each mask of a text')
    .argument('<text>', "the text, with the model's mask token where a word is missing")
    .addOption(modelOption('a masked language model'))
    .addOption(dtypeOption())
    .option('--top <n>', 'candidates of each mask', wholeNumber(1, 1000), 5)
    .addOption(withOption())
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText(
      'after',
      `
BERT writes its mask [MASK], RoBERTa <mask>. Probabilities are the model's own,
over its whole vocabulary; each mask is filled as if the others stayed masks.
${withHelp}

Examples:
  heed fill "The capital of France is [MASK]." --model ./bert-base-uncased
  heed fill "I [MASK] a [MASK]." --model ./bert-base-uncased --top 3 --json`,
    )
    .action(runFill)
}

async function runFill(text: string, flags: FillFlags): Promise<void> {
  await interruptible(async (signal) => {
    using model = await openMasked(flags, signal)
    const masks = await model.fill(text, {
      top: flags.top,
      with: await interventionsOf(flags.with, model, signal),
      signal,
    })
    if (flags.json) {
      process.stdout.write(`${JSON.stringify({ model: flags.model, text, masks })}\n`)
      return
    }
    const { style } = screen()
    const lines = masks.flatMap(({ start, candidates }, i) => {
      const place = masks.length > 1 ? [`${i > 0 ? '\n' : ''}${style.strong(`mask at ${start}`)}`] : []
      const likely = candidates.map(({ text, probability }) => ({ text: text.trim(), probability }))
      return [...place, ...probabilityLines(likely)]
    })
    process.stdout.write(`${lines.join('\n')}\n`)
  })
}
