import type { Command } from 'commander'
import { HeedError } from 'heed'
import {
  ablate,
  damageName,
  damageOf,
  effect,
  type Effect,
  headEffects,
  type HeadEffect,
  headMeans,
  type HeadMeans,
} from 'heed/lens'
import { signed, visibleLine } from 'heed/look'
import { matchSites, type Model } from 'heed/models'
import { textsIn } from '../changes.js'
import { effectLines } from '../effects.js'
import { interruptible } from '../interrupt.js'
import { openModel } from '../model.js'
import { collect, dtypeOption, type ModelFlags, modelOption, wholeNumber } from '../options.js'
import { withProgress } from '../terminal/progress.js'
import { screen } from '../terminal/screen.js'
import { table } from '../terminal/table.js'

interface AblateFlags extends ModelFlags {
  site?: string[]
  head?: number[]
  mean?: true
  file?: string
  beam?: number
  maxTokens: number
  top: number
  json?: true
}

export function addAblate(program: Command): void {
  program
    .command('ablate')
    .description('take heads out and see what becomes of the output')
    .argument('<text>', 'the text')
    .addOption(modelOption())
    .addOption(dtypeOption())
    .option(
      '--site <site>',
      'an attention, such as encoder.2.self; * stands for any characters; repeatable (default: all)',
      collect(String),
    )
    .option(
      '--head <n>',
      'a head of the sites, from 0, taken out with the others named; repeatable',
      collect(wholeNumber(0)),
    )
    .option('--mean', 'heads give their mean instead of zeros: over --file, else over this text')
    .option('--file <file>', 'with --mean: texts to take means over, one a line')
    .option('--beam <n>', 'hypotheses kept by a model that translates; 1 is greedy', wholeNumber(1, 64))
    .option('--max-tokens <n>', 'how far a model that goes on from the text goes', wholeNumber(1), 20)
    .option('--top <n>', 'heads that the table shows, the worst first', wholeNumber(1), 20)
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText(
      'after',
      `
Without --head every head is taken out by itself, and the table is sorted by
damage: how much the loss grows, which is the mean of −log p in nats, of the
translation as it was, or of the text itself for a model that goes on from it.
Of an encoder it is how far its predictions at masks move (KL), or its vector.
With --head the named heads go together, and the effect is shown whole.
A head that one text can spare may decide another: look at many.

Examples:
  heed ablate "The elephant is very large."
  heed ablate "The elephant is very large." --site 'decoder.*.cross'
  heed ablate "The elephant is very large." --site decoder.1.cross --head 0 --head 2
  heed ablate "Once upon a time" --model ./gpt2 --mean --file texts.txt --json`,
    )
    .action(runAblate)
}

async function runAblate(text: string, flags: AblateFlags): Promise<void> {
  const { site, head: heads, beam, maxTokens } = flags
  if (text.trim() === '')
    throw new HeedError('input', 'the text is empty; there is nothing to take heads out for')
  if (heads && !site) throw new HeedError('option', '--head says which head of a site; name the --site too')
  if (flags.file !== undefined && !flags.mean)
    throw new HeedError('option', '--file holds texts to take means over; give --mean too')
  await interruptible(async (signal) => {
    using model = await openModel(flags, signal)
    const sites = matchSites(model.sites, site)
    const to = flags.mean ? await meansFor(model, text, flags.file, sites, signal) : 'zero'
    const options = { beam, maxTokens, signal }
    const kind = flags.mean ? 'mean' : 'zero'
    if (heads) {
      const found = await effect(model, text, [ablate(sites, heads, { to })], options)
      const document = { model: flags.model, text, sites, heads, to: kind, ...parts(found) }
      if (flags.json) return void process.stdout.write(`${JSON.stringify(document)}\n`)
      const { columns, style } = screen()
      return void process.stdout.write(`${effectLines(found, columns, style).join('\n')}\n`)
    }
    const found = await withProgress('ablating', 'heads', (onProgress) =>
      headEffects(model, text, { ...options, sites, to, onProgress }),
    )
    found.sort((a, b) => damageOf(b.effect) - damageOf(a.effect))
    if (!flags.json) return void process.stdout.write(`${headLines(found, flags.top).join('\n')}\n`)
    const listed = found.map(({ site, head, effect }) => ({ site, head, ...parts(effect) }))
    process.stdout.write(`${JSON.stringify({ model: flags.model, text, to: kind, heads: listed })}\n`)
  })
}

/** An effect without its text, which stands in the document once. */
const parts = ({ output, loss, predictions, embedding }: Effect) => ({ output, loss, predictions, embedding })

async function meansFor(
  model: Model,
  text: string,
  file: string | undefined,
  sites: readonly string[],
  signal: AbortSignal,
): Promise<HeadMeans> {
  const texts = file === undefined ? [text] : await textsIn(file, signal)
  return withProgress('taking means', 'texts', (onProgress) =>
    headMeans(model, texts, { sites, signal, onProgress }),
  )
}

/** A row for each head, the worst first. */
function headLines(found: readonly HeadEffect[], top: number): string[] {
  const { columns, style, strong, quiet } = screen()
  const [{ effect: one }] = found
  const lines = one.output ? [...strong(one.output.before || '(the output is empty)'), ''] : []
  if (one.loss) lines.push(...quiet(`loss ${one.loss.before.toFixed(3)} nats per token`), '')
  const rows = found.slice(0, top).map(({ site, head, effect }) => {
    const { output } = effect
    const becomes =
      output && (output.after === output.before ? 'the same' : visibleLine(output.after).trim() || '(blank)')
    return [site, String(head), signed(damageOf(effect), 3), ...(becomes === null ? [] : [becomes])]
  })
  const heads = ['without', 'head', damageName(one), ...(one.output ? ['the output becomes'] : [])]
  lines.push(
    ...table([heads, ...rows], {
      columns,
      align: ['left', 'right', 'right', 'left'],
      paint: (cell, row, column) =>
        row === 0 || (column === 3 && cell === 'the same') ? style.quiet(cell) : cell,
    }),
  )
  if (found.length > top)
    lines.push(
      '',
      ...quiet(`the ${top} worst of ${found.length} heads; --top ${found.length} or --json lists all`),
    )
  return lines
}
