import { type Command, Option } from 'commander'
import { HeedError } from 'heed'
import { byteTokenizer } from 'heed/text'
import {
  languageConfig,
  languageDefaults as defaults,
  repeatedSequences,
  trainLanguage,
  type TrainLanguageOptions,
} from 'heed/train'
import { realNumber, wholeNumber } from '../options.js'
import { aboutStopping, addShared, runTraining, type SharedFlags, sharedOptions } from '../training.js'

interface LanguageFlags extends SharedFlags {
  data?: string
  task?: 'copy'
  valid?: string
  documents: 'lines' | 'file'
  bytes?: true
  vocab: number
  context: number
  dModel: number
  heads: number
  kvHeads?: number
  headDim?: number
  layers: number
  dFf: number
  maxPositions?: number
  window?: number
  ropeTheta: number
  init: number
  untied?: true
}

/** What of the options is a model's own. */
const shape =
  'bytes vocab dModel heads kvHeads headDim layers dFf maxPositions window ropeTheta init untied'.split(' ')

/** Documents that are held out of the copying task. */
const heldOut = 128

export function addTrainLanguage(train: Command): void {
  const command = train
    .command('language')
    .description('train a causal language model of the Llama family on text')
    .requiredOption('--out <folder>', 'the run folder: checkpoints, metrics.jsonl and at the end the model')
    .option('--data <file>', 'training text')
    .addOption(
      new Option('--task <name>', 'in place of --data: copy, random sequences and copies of them, as bytes')
        .choices(['copy'])
        .conflicts(['data', 'valid', 'documents', 'vocab']),
    )
    .option('--valid <file>', 'validation text')
    .addOption(
      new Option('--documents <kind>', 'what a document is: a line that is not empty, or the whole file')
        .choices(['lines', 'file'])
        .default(defaults.documents),
    )
    .option('--bytes', 'every byte is a token: no vocabulary is learned')
    .option(
      '--vocab <n>',
      'size of the vocabulary that is learned',
      wholeNumber(300, 1_000_000),
      defaults.vocabSize,
    )
    .option('--context <n>', 'tokens read at once in training', wholeNumber(2), defaults.contextLength)
    .option('--d-model <n>', 'width of the residual stream', wholeNumber(1), languageConfig.hidden_size)
    .option('--heads <n>', 'attention heads', wholeNumber(1), languageConfig.num_attention_heads)
    .option('--kv-heads <n>', 'heads of keys and values (default: as many as --heads)', wholeNumber(1))
    .option('--head-dim <n>', 'components of a head (default: --d-model / --heads)', wholeNumber(2))
    .option('--layers <n>', 'layers', wholeNumber(1), languageConfig.num_hidden_layers)
    .option(
      '--d-ff <n>',
      'width inside the feed-forward networks',
      wholeNumber(1),
      languageConfig.intermediate_size,
    )
    .option('--max-positions <n>', 'the most tokens of a text (default: --context)', wholeNumber(2))
    .option(
      '--window <n>',
      'all layers but the last see so many tokens only, their own the last',
      wholeNumber(1),
    )
    .option('--rope-theta <x>', 'base of the rotary wavelengths', realNumber(1), languageConfig.rope_theta)
    .option('--init <std>', 'standard deviation of initial weights', realNumber(0, 1, true), 0.02)
    .option('--untied', 'an output of its own, not the embedding')
  addShared(command, 'tokens of a batch, padding included', defaults, shape)
    .addHelpText(
      'after',
      `${aboutStopping}

Texts longer than --context are cut. --task copy makes its text itself, without
end: only who looks back at what was there before can foretell it.

Examples:
  heed train language --data text.txt --valid valid.txt --out runs/text
  heed train language --data book.txt --documents file --bytes --out runs/book
  heed train language --task copy --out runs/copy --layers 2 --d-model 128
  heed train language --data text.txt --out runs/text --resume
  heed generate "Once upon a time" --model runs/text`,
    )
    .action(runLanguage)
}

/** What to try a new model with: one that was trained to copy needs something to copy. */
const prompts = { data: 'Once upon a time', copy: 'The quick zebra Vixo jumps. The quick zebra V' }

async function runLanguage(flags: LanguageFlags, command: Command): Promise<void> {
  if (flags.data === undefined && flags.task === undefined)
    command.error("error: required option '--data <file>' not specified (or --task copy)")
  const headDim = flags.dModel / flags.heads
  if (flags.from === undefined && flags.headDim === undefined && headDim % 2 !== 0)
    throw new HeedError(
      'option',
      `--d-model ${flags.dModel} in ${flags.heads} heads is ${headDim} components a head, and rotary positions need an even number; change --d-model or --heads, or name --head-dim`,
    )
  await runTraining(
    flags.threads,
    (watch) =>
      trainLanguage({
        ...sharedOptions(flags),
        ...watch,
        ...dataOf(flags),
        ...(flags.from === undefined && { config: configOf(flags) }),
      }),
    (folder) => `heed generate "${prompts[flags.task ?? 'data']}" --model ${folder}`,
  )
}

type Data = Pick<
  TrainLanguageOptions,
  'train' | 'valid' | 'documents' | 'tokenizer' | 'vocabSize' | 'contextLength'
>

function dataOf({ data, task, valid, documents, bytes, vocab, context, seed, from }: LanguageFlags): Data {
  if (task === 'copy') {
    const held = repeatedSequences({ length: context, seed: seed + 1 })
    return {
      train: repeatedSequences({ length: context, seed }),
      valid: Array.from({ length: heldOut }, (_, i) => held(i)),
      tokenizer: byteTokenizer(),
      contextLength: context,
    }
  }
  return {
    train: data!,
    valid,
    documents,
    tokenizer: bytes ? byteTokenizer() : undefined,
    ...(from === undefined && { vocabSize: vocab }),
    contextLength: context,
  }
}

const configOf = (flags: LanguageFlags): Record<string, unknown> => ({
  hidden_size: flags.dModel,
  num_attention_heads: flags.heads,
  num_key_value_heads: flags.kvHeads ?? flags.heads,
  head_dim: flags.headDim ?? Math.floor(flags.dModel / flags.heads),
  num_hidden_layers: flags.layers,
  intermediate_size: flags.dFf,
  max_position_embeddings: flags.maxPositions ?? flags.context,
  rope_theta: flags.ropeTheta,
  initializer_range: flags.init,
  tie_word_embeddings: !flags.untied,
  ...(flags.window === undefined ? {} : windowed(flags.layers, flags.window)),
})

/** Llama has no windows; Qwen2 is a Llama that has, and biases of queries, keys and values. */
const windowed = (layers: number, window: number): Record<string, unknown> => ({
  model_type: 'qwen2',
  architectures: ['Qwen2ForCausalLM'],
  use_sliding_window: true,
  sliding_window: window,
  layer_types: Array.from({ length: layers }, (_, i) =>
    i < layers - 1 ? 'sliding_attention' : 'full_attention',
  ),
})
