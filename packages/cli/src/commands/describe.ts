import type { Command } from 'commander'
import { type Change, interventionsOf, withHelp, withOption } from '../changes.js'
import { describedLines } from '../described.js'
import { interruptible } from '../interrupt.js'
import { openDescriber } from '../model.js'
import { dtypeOption, type ModelFlags, modelOption } from '../options.js'

interface DescribeFlags extends ModelFlags {
  with?: Change[]
  json?: true
}

export function addDescribe(program: Command): void {
  program
    .command('describe')
    .description('say which word of a sentence describes which')
    .argument('<text>', 'the sentence')
    .addOption(modelOption().default('heed-describe'))
    .addOption(dtypeOption())
    .addOption(withOption())
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText(
      'after',
      `
At each word the model says which word describes it, or that none does, which is
left out here. Probabilities are the model's own. [UNK] is a word that it does
not know. heed see shows by which head the answer came.
${withHelp}

Examples:
  heed describe "The elephant is very large."
  heed describe "The elephant is very large." --with zero:layers.0.self:1
  heed describe "I gave the tall man a red apple." --json
  heed see "The elephant is very large." --model heed-describe`,
    )
    .action(runDescribe)
}

async function runDescribe(text: string, flags: DescribeFlags): Promise<void> {
  await interruptible(async (signal) => {
    using model = await openDescriber(flags, signal)
    const described = await model.describe(text, {
      with: await interventionsOf(flags.with, model, signal),
      signal,
    })
    if (flags.json) {
      process.stdout.write(`${JSON.stringify({ model: flags.model, text, described })}\n`)
      return
    }
    process.stdout.write(`${describedLines(described).join('\n')}\n`)
  })
}
