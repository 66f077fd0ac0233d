import { type Command, Option } from 'commander'
import { HeedError, useBackend } from 'heed'
import {
  trainingDefaults as defaults,
  trainTranslation,
  type TrainingEvent,
  type TrainTranslationOptions,
} from 'heed/train'
import { interruptible } from '../interrupt.js'
import { realNumber, wholeNumber } from '../options.js'
import { createProgress } from '../terminal/progress.js'

interface TrainFlags {
  data: string
  valid?: string
  out: string
  steps: number
  resume?: true
  batchTokens: number
  vocab: number
  dModel: number
  heads: number
  layers: number
  dFf: number
  norm: 'pre' | 'post'
  maxPositions: number
  dropout: number
  labelSmoothing: number
  schedule: 'inverse-sqrt' | 'inverse-sqrt-cooldown' | 'cosine'
  peak: number
  warmup?: number
  cooldown: number
  weightDecay: number
  clip: number
  average: number
  evaluateEvery: number
  checkpointEvery: number
  bleuSentences: number
  seed: number
  threads?: number
}

export function addTrain(program: Command): void {
  const train = program.command('train').description('train a model')
  train
    .command('translate')
    .description('train an encoder-decoder Transformer on pairs of sentences')
    .requiredOption('--data <file>', 'training pairs: source TAB target, a pair a line')
    .requiredOption('--out <folder>', 'the run folder: checkpoints, metrics.jsonl and at the end the model')
    .option('--valid <file>', 'validation pairs: source TAB reference [TAB reference …]')
    .option('--resume', 'go on from the latest checkpoint of --out')
    .option('--steps <n>', 'optimiser steps in all', wholeNumber(1), defaults.steps)
    .option(
      '--batch-tokens <n>',
      'tokens of a batch on either side, padding included',
      wholeNumber(1),
      defaults.batchTokens,
    )
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
    .addOption(
      new Option('--schedule <kind>', 'learning rate after the warm-up; inverse-sqrt is the paper’s')
        .choices(['inverse-sqrt', 'inverse-sqrt-cooldown', 'cosine'])
        .default(defaults.schedule.kind),
    )
    .option('--peak <rate>', 'highest learning rate', realNumber(0), defaults.schedule.peak)
    .option(
      '--warmup <n>',
      `steps to the peak (default: a fifth of the steps, at most ${defaults.schedule.warmup})`,
      wholeNumber(1),
    )
    .option(
      '--cooldown <share>',
      'share of the steps over which inverse-sqrt-cooldown falls to 0',
      realNumber(0, 1),
      defaults.schedule.cooldown,
    )
    .option(
      '--weight-decay <d>',
      'decoupled weight decay of matrices',
      realNumber(0),
      defaults.optimizer.weightDecay,
    )
    .option('--clip <norm>', 'largest norm of the gradient', realNumber(1e-9), defaults.optimizer.clip)
    .option(
      '--average <decay>',
      'moving average of weights, such as 0.999; 0 for none',
      realNumber(0, 0.999999),
      defaults.averageDecay,
    )
    .option('--evaluate-every <n>', 'steps between evaluations', wholeNumber(1), defaults.evaluateEvery)
    .option('--checkpoint-every <n>', 'steps between checkpoints', wholeNumber(1), defaults.checkpointEvery)
    .option(
      '--bleu-sentences <n>',
      'validation sentences translated for BLEU',
      wholeNumber(0),
      defaults.bleuSentences,
    )
    .option('--seed <n>', 'of weights, data order and dropout', wholeNumber(0), defaults.seed)
    .option(
      '--threads <n>',
      'threads (default: the machine’s cores); results do not depend on it',
      wholeNumber(1, 64),
    )
    .addHelpText(
      'after',
      `
Ctrl-C stops after the step under way, writes a checkpoint and exits with 1; the
same command with --resume goes on bit for bit.

Examples:
  heed train translate --data pairs.tsv --valid valid.tsv --out runs/en-de
  heed train translate --data pairs.tsv --out runs/en-de --resume
  heed train translate --data pairs.tsv --out runs/small --steps 500 --layers 2
  heed "I see a dog." --model runs/en-de`,
    )
    .action(runTrain)
}

async function runTrain(flags: TrainFlags): Promise<void> {
  await useBackend('wasm', { threads: flags.threads })
  const progress = createProgress({ label: 'training' })
  const note = (line: string | undefined) => line !== undefined && progress.note(line)
  try {
    const result = await interruptible((signal) =>
      trainTranslation({
        ...optionsOf(flags),
        signal,
        onProgress: ({ step, steps, loss, tokensPerSecond, eta }) =>
          progress.update({
            done: step,
            total: steps,
            unit: 'steps',
            secondsLeft: eta,
            text: `loss ${loss.toFixed(3)} · ${Math.round(tokensPerSecond)} tokens/s`,
          }),
        onEvent: (event) => note(sentence(event)),
      }),
    )
    if (!result.finished)
      throw new HeedError(
        'aborted',
        `stopped at step ${result.state.step}; the same command with --resume goes on`,
      )
    progress.finish(
      `done: the model is in ${result.folder}; try heed "I see a dog." --model ${result.folder}`,
    )
  } finally {
    progress.finish()
  }
}

function optionsOf(flags: TrainFlags): TrainTranslationOptions {
  return {
    train: flags.data,
    valid: flags.valid,
    out: flags.out,
    steps: flags.steps,
    resume: flags.resume,
    batchTokens: flags.batchTokens,
    vocabSize: flags.vocab,
    config: {
      d_model: flags.dModel,
      num_heads: flags.heads,
      encoder_layers: flags.layers,
      decoder_layers: flags.layers,
      d_ff: flags.dFf,
      norm: flags.norm,
      max_positions: flags.maxPositions,
      dropout: flags.dropout,
    },
    labelSmoothing: flags.labelSmoothing,
    schedule: { kind: flags.schedule, peak: flags.peak, warmup: flags.warmup, cooldown: flags.cooldown },
    optimizer: { weightDecay: flags.weightDecay, clip: flags.clip },
    averageDecay: flags.average,
    evaluateEvery: flags.evaluateEvery,
    checkpointEvery: flags.checkpointEvery,
    bleuSentences: flags.bleuSentences,
    seed: flags.seed,
  }
}

/** What a person wants to know of an event; most checkpoints are silent. */
function sentence(event: TrainingEvent): string | undefined {
  switch (event.type) {
    case 'tokenizer':
      return event.done === 0 ? 'learning the vocabulary' : undefined
    case 'data':
      return `${event.name}: ${event.pairs} pairs, ${event.tokens} target tokens${event.empty + event.long > 0 ? `; left out: ${event.empty} with an empty side, ${event.long} too long` : ''}`
    case 'model':
      return `model: ${(event.parameters / 1e6).toFixed(2)} M parameters, vocabulary ${event.vocabSize}`
    case 'resumed':
      return `resumed at step ${event.step}`
    case 'skipped':
      return `step ${event.step} skipped: the gradient is not finite`
    case 'evaluation':
      return `step ${event.step}: validation loss ${event.loss.toFixed(3)}${event.bleu === undefined ? '' : `, BLEU ${event.bleu.toFixed(1)}`}${event.best ? ' (best so far)' : ''}`
    case 'checkpoint':
      return undefined
  }
}
