import type { Command } from 'commander'
import { HeedError } from 'heed'
import { exists } from 'heed/io'
import { alignmentScores } from 'heed/lens'
import { bleu } from 'heed/text'
import { visibleLine } from 'heed/look'
import { saveSettings, type Transformer } from 'heed/models'
import { leftOutWords, type Pair, readPairs } from 'heed/train'
import { checkWritable } from '../files.js'
import { interruptible } from '../interrupt.js'
import { openTranslator } from '../model.js'
import { wholeNumber } from '../options.js'
import { createProgress, withProgress } from '../terminal/progress.js'

/** Hypotheses kept. */
const beam = 4
/** Length penalties that are tried. */
const penalties = [0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1]

interface TuneFlags {
  data: string
  sentences: number
  pairs: number
}

export function addTune(program: Command): void {
  program
    .command('tune')
    .description('choose the length penalty and the alignment layer of a translator on validation pairs')
    .argument('<folder>', 'the model folder; its generation_config.json is written')
    .requiredOption('--data <file>', 'validation pairs: source TAB reference [TAB reference …]')
    .option('--sentences <n>', 'how many are translated with each length penalty', wholeNumber(1), 2000)
    .option('--pairs <n>', 'how many are read for the alignment', wholeNumber(1), 1000)
    .addHelpText(
      'after',
      `
The length penalty is the one of ${penalties.join(', ')} with the
highest BLEU (beam ${beam}). The alignment layer is the one whose cross-attention,
mean of heads, most often has its largest weight on the source of a copied word:
a name or number that stands exactly once on either side.

Examples:
  heed tune runs/en-de --data valid.tsv
  heed tune runs/en-de --data valid.tsv --sentences 200 --pairs 2000`,
    )
    .action(runTune)
}

async function runTune(folder: string, flags: TuneFlags): Promise<void> {
  await interruptible(async (signal) => {
    if (!(await exists(folder)))
      throw new HeedError('not-found', `${folder}: no such folder; tune writes into the folder of a model`)
    const { pairs, leftOut } = await readPairs(flags.data)
    if (leftOut.length > 0)
      process.stderr.write(`${visibleLine(`${flags.data}: lines left out: ${leftOutWords(leftOut)}`)}\n`)
    if (pairs.length === 0)
      throw new HeedError('input', `${flags.data}: holds no pairs; a line is source TAB reference`)
    using model = await openTranslator({ model: folder }, signal)
    const file = `${folder}/generation_config.json`
    await checkWritable(file)
    const lengthPenalty = await bestPenalty(model, pairs.slice(0, flags.sentences), signal)
    const alignmentLayer = await bestLayer(model, pairs.slice(0, flags.pairs), signal)
    await saveSettings(folder, { beam, lengthPenalty, alignmentLayer })
    const layer = alignmentLayer === undefined ? '' : `, alignment layer ${alignmentLayer}`
    say(`wrote ${file}: beam ${beam}, length penalty ${lengthPenalty}${layer}`)
  })
}

const say = (line: string) => process.stdout.write(`${visibleLine(line)}\n`)

async function bestPenalty(model: Transformer, pairs: readonly Pair[], signal: AbortSignal): Promise<number> {
  const sources = pairs.map(({ source }) => source)
  const references = pairs.map(({ targets }) => [...targets])
  const scores: number[] = []
  const progress = createProgress({ label: 'translating' })
  try {
    for (const [n, lengthPenalty] of penalties.entries()) {
      const outputs = await model.translate(sources, {
        beam,
        lengthPenalty,
        signal,
        onTooLong: () => undefined, // translated as far as it goes, as `heed translate` does
        onProgress: ({ done, total }) =>
          progress.update({ done: n * total + done, total: penalties.length * total, unit: 'sentences' }),
      })
      scores.push(bleu(outputs, references).score)
    }
  } finally {
    progress.finish()
  }
  scores.forEach((score, n) =>
    say(`length penalty ${penalties[n]}: BLEU ${score.toFixed(2)} on ${sources.length} sentences`),
  )
  return penalties[scores.indexOf(Math.max(...scores))]
}

async function bestLayer(
  model: Transformer,
  pairs: readonly Pair[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const first = pairs.map(({ source, targets }) => ({ source, target: targets[0] }))
  const scores = await withProgress('aligning', 'pairs', (onProgress) =>
    alignmentScores(model, first, { signal, onProgress }),
  )
  const { words } = scores[0]
  if (words === 0) {
    say('no copied word was found: the alignment layer stays')
    return undefined
  }
  for (const { layer, hits } of scores)
    say(
      `decoder.${layer}.cross: finds ${hits} of ${words} copied words (${((100 * hits) / words).toFixed(1)} %)`,
    )
  return scores.reduce((a, b) => (b.hits > a.hits ? b : a)).layer
}
