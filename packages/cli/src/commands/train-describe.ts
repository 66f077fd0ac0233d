import type { Command } from 'commander'
import { describeConfig, describeDefaults as defaults, trainDescribe } from 'heed/train'
import { realNumber, wholeNumber } from '../options.js'
import { aboutStopping, addShared, runTraining, type SharedFlags, sharedOptions } from '../training.js'

interface DescribeFlags extends SharedFlags {
  data: string
  valid?: string
  vocab: number
  dModel: number
  heads: number
  layers: number
  dFf: number
  maxPositions: number
  init: number
  others: number
}

export function addTrainDescribe(train: Command): void {
  const command = train
    .command('describe')
    .description('train a small encoder to say which word describes which')
    .requiredOption('--data <file>', 'labelled sentences, one a line (see below)')
    .requiredOption('--out <folder>', 'the run folder: checkpoints, metrics.jsonl and at the end the model')
    .option('--valid <file>', 'labelled sentences to validate on')
    .option(
      '--vocab <n>',
      'words of the vocabulary, the most frequent ones',
      wholeNumber(4, 1_000_000),
      defaults.vocabSize,
    )
    .option('--d-model <n>', 'width of the residual stream', wholeNumber(1), describeConfig.hidden_size)
    .option('--heads <n>', 'attention heads', wholeNumber(1), describeConfig.num_attention_heads)
    .option('--layers <n>', 'layers', wholeNumber(1), describeConfig.num_hidden_layers)
    .option(
      '--d-ff <n>',
      'width inside the feed-forward networks',
      wholeNumber(1),
      describeConfig.intermediate_size,
    )
    .option(
      '--max-positions <n>',
      'the most tokens of a sentence',
      wholeNumber(1),
      describeConfig.max_position_embeddings,
    )
    .option(
      '--init <std>',
      'standard deviation of initial weights',
      realNumber(0, 1, true),
      describeConfig.initializer_range,
    )
    .option(
      '--others <share>',
      'share of the words that nothing describes that the loss looks at',
      realNumber(0, 1, true),
      defaults.others,
    )
  const shape = ['vocab', 'dModel', 'heads', 'layers', 'dFf', 'maxPositions', 'init']
  addShared(command, 'tokens of a batch, padding included', defaults, shape)
    .addHelpText(
      'after',
      `${aboutStopping}

A line is a sentence and, for each word that is described, TAB word=describing
word, as they stand in it; word#2 is the second time that it stands there:
  The big dog saw the small dog.  TAB  dog=big  TAB  dog#2=small

Examples:
  heed train describe --data labels.tsv --valid valid.tsv --out runs/describe
  heed train describe --data labels.tsv --out runs/describe --resume
  heed describe "The elephant is very large." --model runs/describe`,
    )
    .action(runDescribe)
}

const runDescribe = (flags: DescribeFlags): Promise<void> =>
  runTraining(
    flags.threads,
    (watch) =>
      trainDescribe({
        ...sharedOptions(flags),
        ...watch,
        train: flags.data,
        valid: flags.valid,
        others: flags.others,
        ...(flags.from === undefined && { vocabSize: flags.vocab, config: shapeOf(flags) }),
      }),
    (folder) => `heed describe "The elephant is very large." --model ${folder}`,
  )

const shapeOf = (flags: DescribeFlags) => ({
  hidden_size: flags.dModel,
  num_attention_heads: flags.heads,
  num_hidden_layers: flags.layers,
  intermediate_size: flags.dFf,
  max_position_embeddings: flags.maxPositions,
  initializer_range: flags.init,
})
