import type { Command } from 'commander'
import { alignmentScores } from 'heed/lens'
import { bleu } from 'heed/text'
import { readPairs } from 'heed/train'
import { saveSettings } from 'heed/models'
import { interruptible } from '../interrupt.js'
import { openModel } from '../model.js'
import { wholeNumber } from '../options.js'
import { createProgress } from '../terminal/progress.js'

/** Length penalties that are tried. */
const penalties = [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2]

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
    .option('--sentences <n>', 'how many are translated with each length penalty', wholeNumber(1), 500)
    .option('--pairs <n>', 'how many are read for the alignment', wholeNumber(1), 1000)
    .addHelpText(
      'after',
      `
The length penalty is the one of ${penalties.join(', ')} with the highest BLEU (beam 4). The alignment layer is the one
whose cross-attention, mean of heads, most often has its largest weight on the source of a copied word: a name or
number that stands exactly once on either side.

Example:
  heed tune runs/en-de --data valid.tsv`,
    )
    .action(runTune)
}

async function runTune(folder: string, flags: TuneFlags): Promise<void> {
  await interruptible(async (signal) => {
    using model = await openModel(folder)
    const { pairs } = await readPairs(flags.data)
    const chosen = pairs.slice(0, flags.sentences)
    const sources = chosen.map(({ source }) => source)
    const references = chosen.map(({ targets }) => [...targets])
    const progress = createProgress({ label: 'tuning' })
    const say = (line: string) => process.stdout.write(`${line}\n`)
    try {
      let best = { lengthPenalty: NaN, score: -1 }
      for (const [n, lengthPenalty] of penalties.entries()) {
        const outputs = await model.translate(sources, {
          beam: 4,
          lengthPenalty,
          signal,
          onProgress: ({ done, total }) =>
            progress.update({ done: n * total + done, total: penalties.length * total, unit: 'sentences' }),
        })
        const { score } = bleu(outputs, references)
        say(`length penalty ${lengthPenalty}: BLEU ${score.toFixed(2)} on ${sources.length} sentences`)
        if (score > best.score) best = { lengthPenalty, score }
      }
      const layers = await alignmentScores(
        model,
        pairs.slice(0, flags.pairs).map(({ source, targets }) => ({ source, target: targets[0] })),
        { signal, onProgress: ({ done, total }) => progress.update({ done, total, unit: 'pairs' }) },
      )
      for (const { layer, hits, words } of layers)
        say(
          `decoder.${layer}.cross: finds ${hits} of ${words} copied words (${((100 * hits) / Math.max(1, words)).toFixed(1)} %)`,
        )
      const alignmentLayer = layers.reduce((a, b) => (b.hits > a.hits ? b : a)).layer
      await saveSettings(folder, { beam: 4, lengthPenalty: best.lengthPenalty, alignmentLayer })
      say(
        `${folder}/generation_config.json: beam 4, length penalty ${best.lengthPenalty}, alignment layer ${alignmentLayer}`,
      )
    } finally {
      progress.finish()
    }
  })
}
