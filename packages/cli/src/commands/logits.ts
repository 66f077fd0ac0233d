import type { Command } from 'commander'
import { HeedError } from 'heed'
import {
  attributeLogit,
  type Attribution,
  type Likely,
  logitLens,
  type LogitLens,
  type LogitPart,
} from 'heed/lens'
import { signed, visibleLine, weight2 } from 'heed/look'
import type { Model } from 'heed/models'
import { interruptible, killable } from '../interrupt.js'
import { openModel } from '../model.js'
import { dtypeOption, type ModelFlags, modelOption, wholeNumber } from '../options.js'
import { withProgress } from '../terminal/progress.js'
import { screen } from '../terminal/screen.js'
import { table } from '../terminal/table.js'
import { fence } from '../terminal/text.js'

interface LogitsFlags extends ModelFlags {
  position?: number
  token?: string
  versus?: string
  top?: number
  json?: true
}

export function addLogits(program: Command): void {
  program
    .command('logits')
    .description('what the model would say after each layer, or which heads make it say a token')
    .argument('<text>', 'the text')
    .addOption(modelOption())
    .addOption(dtypeOption())
    .option(
      '--position <n>',
      'one position, from 0, or -1 for the last; of a translator in what it says',
      wholeNumber(-(2 ** 24), 2 ** 24),
    )
    .option('--token <text>', 'take the logit of this token apart, by heads and feed-forward networks')
    .option('--versus <text>', 'with --token: the difference to the logit of this one')
    .option(
      '--top <n>',
      'tokens of a position (default: 5), or parts of a logit (default: 12)',
      wholeNumber(1),
    )
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText(
      'after',
      `
Without --token: the logit lens, the model's last norm and output applied to
every layer; without --position the likeliest token of every position. What
early layers seem to say is a guess: they were not trained to be read so.
BERT-like models say what stands at a position, all others what comes next.

With --token: direct logit attribution at the position, by default the last.
All parts add up to the logit. Only models with pre-norm layers come apart so:
GPT-2, Llama and its kin, heed's translator. docs/measures.md has formulas and
limits. A token is written as it stands in a sentence: " Paris", with its space.

Examples:
  heed logits "The elephant is very large."
  heed logits "The elephant is very large." --position 1
  heed logits "The elephant is very large." --position 0 --token Der
  heed logits "I see a dog." --position 0 --token Ich --versus Er
  heed logits "The capital of France is" --model ./gpt2 --token " Paris"`,
    )
    .action(runLogits)
}

async function runLogits(text: string, flags: LogitsFlags): Promise<void> {
  const { position, token, versus, top } = flags
  if (versus !== undefined && token === undefined)
    throw new HeedError('option', '--versus is set against --token; give --token too')
  await interruptible(async (signal) => {
    using model = await openModel(flags, signal)
    const said = (json: object, lines: () => string[]) =>
      process.stdout.write(
        flags.json ? `${JSON.stringify({ model: flags.model, text, ...json })}\n` : `${lines().join('\n')}\n`,
      )
    if (token !== undefined) {
      const ids = {
        token: idOf(model, token),
        versus: versus === undefined ? undefined : idOf(model, versus),
      }
      const found = await killable(() => attributeLogit(model, text, { ...ids, position, signal }))
      return void said({ ...found, ...ids }, () => attributionLines(found, flags))
    }
    const positions = position === undefined ? undefined : [position]
    const most = position === undefined && !flags.json ? 1 : (top ?? 5)
    const found = await withProgress('reading layers', 'layers', (onProgress) =>
      killable(() => logitLens(model, text, { positions, top: most, signal, onProgress })),
    )
    said(found, () => (position === undefined ? sentenceLines(found) : positionLines(found)))
  })
}

/** The id of a text that is one token. */
function idOf({ tokenizer }: Model, text: string): number {
  const ids = [...(tokenizer?.encodeIds(text, { addSpecials: false }) ?? [])]
  if (ids.length === 1) return ids[0]
  const pieces = ids.map((id) => JSON.stringify(tokenizer!.decode([id]))).join(' + ')
  throw new HeedError(
    'input',
    `${JSON.stringify(text)} is ${ids.length} tokens for this model${pieces && `: ${pieces}`}; give one that is a token of its own`,
  )
}

const written = ({ text }: { text: string }) => visibleLine(text.trim() || '␣')

/** Every layer with the likeliest token of every position. */
function sentenceLines({ layers, tokens }: LogitLens): string[] {
  const { columns, style, strong, quiet } = screen()
  const read = tokens.target ?? tokens.source
  return [
    ...strong('What the model would say after each layer'),
    ...quiet(`at each position of: ${read.map(written).join(' · ')}`),
    '',
    ...table(
      layers.map(({ site, likely }) => [site, likely.map(([first]) => written(first)).join(' · ')]),
      { columns, paint: (text, _, column) => (column === 0 ? style.quiet(text) : fence(text)) },
    ),
  ]
}

/** Every layer with the likeliest tokens of one position. */
function positionLines({ layers, tokens, positions: [position] }: LogitLens): string[] {
  const { columns, style, strong } = screen()
  const here = (tokens.target ?? tokens.source)[position]
  const list = (likely: readonly Likely[]) =>
    likely.map((one) => `${written(one)} ${weight2(one.probability)}`).join(' · ')
  return [
    ...strong(`What the model would say after each layer, at position ${position}: ${written(here)}`),
    '',
    ...table(
      layers.map(({ site, likely: [likely] }) => [site, list(likely)]),
      { columns, paint: (text, _, column) => (column === 0 ? style.quiet(text) : fence(text)) },
    ),
  ]
}

/** The parts of a logit, the largest first, and what is left of them. */
function attributionLines(
  { parts, logit, tokens, position }: Attribution,
  { token, versus, top = 12 }: LogitsFlags,
): string[] {
  const { columns, style, strong, quiet } = screen()
  const here = (tokens.target ?? tokens.source)[position]
  const sorted = parts.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value))
  const rest = sorted.slice(top).reduce((sum, { value }) => sum + value, 0)
  const named = ({ part, site, head }: LogitPart) =>
    part === 'head' ? `${site} head ${head}` : part === 'bias' || part === 'norm' ? `${site} bias` : site
  const rows = sorted.slice(0, top).map((part) => [signed(part.value, 2), named(part)])
  if (sorted.length > top) rows.push([signed(rest, 2), `the ${sorted.length - top} other parts together`])
  const what =
    versus === undefined
      ? `${JSON.stringify(token)}`
      : `${JSON.stringify(token)} over ${JSON.stringify(versus)}`
  return [
    ...strong(
      `What makes the model say ${what}: logit ${versus === undefined ? '' : 'difference '}${signed(logit, 2)}`,
    ),
    ...quiet(`at position ${position}, ${written(here)}; direct effects only`),
    '',
    ...table(rows, {
      columns,
      align: ['right', 'left'],
      paint: (text, row, column) => (row === top && column === 1 ? style.quiet(text) : text),
    }),
  ]
}
