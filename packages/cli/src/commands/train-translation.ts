import { type Command, Option } from 'commander'
import { trainingDefaults as defaults, trainTranslation, type TrainTranslationOptions } from 'heed/train'
import { realNumber, wholeNumber } from '../options.js'
import { aboutStopping, addShared, runTraining, type SharedFlags, sharedOptions } from '../training.js'

interface TranslationFlags extends SharedFlags {
  data: string
  valid?: string
  vocab: number
  dModel: number
  heads: number
  layers: number
  dFf: number
  norm: 'pre' | 'post'
  maxPositions: number
  dropout: number
  labelSmoothing: number
  bleuSentences: number
}

export function addTrainTranslation(train: Command): void {
  const command = train
    .command('translation')
    .alias('translate')
    .description('train an encoder-decoder Transformer on pairs of sentences')
    .requiredOption('--data <file>', 'training pairs: source TAB target, a pair a line')
    .requiredOption('--out <folder>', 'the run folder: checkpoints, metrics.jsonl and at the end the model')
    .option('--valid <file>', 'validation pairs: source TAB reference [TAB reference …]')
    .option(
      '--vocab <n>',
      'size of the vocabulary that is learned',
      wholeNumber(300, 1_000_000),
      defaults.vocabSize,
    )
    .option('--d-model <n>', 'width of the residual stream', wholeNumber(1), 256)
    .option('--heads <n>', 'attention heads', wholeNumber(1), 4)
    .option('--layers <n>', 'layers of the encoder, and of the decoder', wholeNumber(1), 3)
    .option('--d-ff <n>', 'width inside the feed-forward networks', wholeNumber(1), 1024)
    .addOption(
      new Option('--norm <kind>', 'where the layer norms stand; post is the paper’s')
        .choices(['pre', 'post'])
        .default('pre'),
    )
    .option('--max-positions <n>', 'the most tokens of a sentence', wholeNumber(1), 256)
    .option('--dropout <p>', 'dropout rate', realNumber(0, 0.99), 0.1)
    .option('--label-smoothing <e>', 'label smoothing', realNumber(0, 0.99), defaults.labelSmoothing)
    .option(
      '--bleu-sentences <n>',
      'validation sentences translated for BLEU',
      wholeNumber(0),
      defaults.bleuSentences,
    )
  const shape = ['vocab', 'dModel', 'heads', 'layers', 'dFf', 'norm', 'maxPositions']
  addShared(command, 'tokens of a batch on either side, padding included', defaults, shape)
    .addHelpText(
      'after',
      `${aboutStopping}

Examples:
  heed train translation --data pairs.tsv --valid valid.tsv --out runs/en-de
  heed train translation --data pairs.tsv --out runs/en-de --resume
  heed train translation --data pairs.tsv --out runs/small --steps 500
  heed train translation --data mine.tsv --from heed-en-de --out runs/mine
  heed "I see a dog." --model runs/en-de`,
    )
    .action(runTranslation)
}

const runTranslation = (flags: TranslationFlags): Promise<void> =>
  runTraining(
    flags.threads,
    (watch) =>
      trainTranslation({
        ...sharedOptions(flags),
        ...watch,
        train: flags.data,
        valid: flags.valid,
        ...(flags.from === undefined && { vocabSize: flags.vocab }),
        config: { ...(flags.from === undefined && shapeOf(flags)), dropout: flags.dropout },
        labelSmoothing: flags.labelSmoothing,
        bleuSentences: flags.bleuSentences,
      }),
    (folder) => `heed "I see a dog." --model ${folder}`,
  )

const shapeOf = (flags: TranslationFlags): TrainTranslationOptions['config'] => ({
  d_model: flags.dModel,
  num_heads: flags.heads,
  encoder_layers: flags.layers,
  decoder_layers: flags.layers,
  d_ff: flags.dFf,
  norm: flags.norm,
  max_positions: flags.maxPositions,
})
