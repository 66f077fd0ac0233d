import { type Command, Option } from 'commander'
import { HeedError, useBackend } from 'heed'
import {
  type LeftOut,
  leftOutWords,
  type TrainingEvent,
  type TrainingOptions,
  type TrainingResult,
} from 'heed/train'
import { interruptible } from './interrupt.js'
import { realNumber, wholeNumber } from './options.js'
import { createProgress } from './terminal/progress.js'

/** What every kind of training is asked with. */
export interface SharedFlags {
  out: string
  from?: string
  steps: number
  resume?: true
  batchTokens: number
  schedule: 'inverse-sqrt' | 'inverse-sqrt-cooldown' | 'cosine'
  peak: number
  warmup?: number
  cooldown: number
  weightDecay: number
  clip: number
  dropHeads: number
  average: number
  evaluateEvery: number
  checkpointEvery: number
  keep: number
  samples: number
  seed: number
  threads?: number
}

interface SharedDefaults {
  steps: number
  batchTokens: number
  schedule: { kind: string; peak: number; warmup: number; cooldown?: number }
  optimizer: { weightDecay: number; clip: number }
  dropHeads: number
  averageDecay: number
  evaluateEvery: number
  checkpointEvery: number
  seed: number
}

/**
 * Adds the options that every kind of training has, after its own.
 *
 * @param shape those of its own, by attribute, that a model which is gone on from has decided
 */
export const addShared = (
  command: Command,
  tokens: string,
  defaults: SharedDefaults,
  shape: string[],
): Command =>
  command
    .addOption(
      new Option(
        '--from <model>',
        'go on from a model, with its shape and vocabulary: a shipped one, a folder, or org/name of the hub',
      ).conflicts(shape),
    )
    .option('--resume', 'go on from the latest checkpoint of --out')
    .option('--steps <n>', 'optimiser steps in all', wholeNumber(1), defaults.steps)
    .option('--batch-tokens <n>', tokens, wholeNumber(1), defaults.batchTokens)
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
      defaults.schedule.cooldown ?? 0.4,
    )
    .option(
      '--weight-decay <d>',
      'decoupled weight decay of matrices',
      realNumber(0),
      defaults.optimizer.weightDecay,
    )
    .option('--clip <norm>', 'largest norm of the gradient', realNumber(1e-9), defaults.optimizer.clip)
    .option(
      '--drop-heads <p>',
      'share of attention heads dropped in training, by sequence',
      realNumber(0, 0.99),
      defaults.dropHeads,
    )
    .option(
      '--average <decay>',
      'moving average of weights, such as 0.999; 0 for none',
      realNumber(0, 0.999999),
      defaults.averageDecay,
    )
    .option('--evaluate-every <n>', 'steps between evaluations', wholeNumber(1), defaults.evaluateEvery)
    .option('--checkpoint-every <n>', 'steps between checkpoints', wholeNumber(1), defaults.checkpointEvery)
    .option('--keep <n>', 'how many of the latest checkpoints are kept beside the best', wholeNumber(1), 2)
    .option(
      '--samples <n>',
      'validation texts whose output samples.jsonl shows at every evaluation',
      wholeNumber(0),
      4,
    )
    .option('--seed <n>', 'of weights, data and dropout', wholeNumber(0), defaults.seed)
    .option(
      '--threads <n>',
      'threads (default: the machine’s cores); results do not depend on it',
      wholeNumber(1, 64),
    )

/** How a run is stopped and resumed, for help. */
export const aboutStopping = `
Ctrl-C stops after the step under way, writes a checkpoint and exits with 1; the
same command with --resume goes on bit for bit, also after a crash. heed runs
lists runs and draws their curves.`

export const sharedOptions = (flags: SharedFlags): TrainingOptions => ({
  out: flags.out,
  from: flags.from,
  steps: flags.steps,
  resume: flags.resume,
  batchTokens: flags.batchTokens,
  schedule: { kind: flags.schedule, peak: flags.peak, warmup: flags.warmup, cooldown: flags.cooldown },
  optimizer: { weightDecay: flags.weightDecay, clip: flags.clip },
  dropHeads: flags.dropHeads,
  averageDecay: flags.average,
  evaluateEvery: flags.evaluateEvery,
  checkpointEvery: flags.checkpointEvery,
  keep: flags.keep,
  samples: flags.samples,
  seed: flags.seed,
})

/** Trains with a line of progress, until it is done or stopped; `next` says what can be done with the model. */
export async function runTraining(
  threads: number | undefined,
  train: (watch: Pick<TrainingOptions, 'signal' | 'onProgress' | 'onEvent'>) => Promise<TrainingResult>,
  next: (folder: string) => string,
): Promise<void> {
  await useBackend('wasm', { threads })
  const progress = createProgress({ label: 'training' })
  const note = (line: string | undefined) => line !== undefined && progress.note(line)
  try {
    const result = await interruptible((signal) =>
      train({
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
    progress.finish(`done: the model is in ${result.folder}; try ${next(result.folder)}`)
  } finally {
    progress.finish()
  }
}

const left = (leftOut: readonly LeftOut[]) =>
  leftOut.length > 0 ? `; lines left out: ${leftOutWords(leftOut)}` : ''

/** What a person wants to know of an event; most checkpoints are silent. */
function sentence(event: TrainingEvent): string | undefined {
  switch (event.type) {
    case 'tokenizer':
      return event.done === 0 ? 'learning the vocabulary' : undefined
    case 'data':
      return `${event.name}: ${event.pairs} pairs, ${event.tokens} target tokens${left(event.leftOut)}`
    case 'text':
      return `${event.name}: ${event.documents} documents, ${event.tokens} tokens in ${event.windows} windows${left(event.leftOut)}`
    case 'labelled':
      return `${event.name}: ${event.sentences} sentences, ${event.labels} labels, ${event.unknown} of them with a word outside the vocabulary${event.long > 0 ? `; left out: ${event.long} too long` : ''}`
    case 'model':
      return `model: ${(event.parameters / 1e6).toFixed(2)} M parameters, vocabulary ${event.vocabSize}`
    case 'resumed':
      return `resumed at step ${event.step}`
    case 'skipped':
      return `step ${event.step} skipped: the gradient is not finite`
    case 'evaluation': {
      const { step, loss, bleu, perplexity, bitsPerByte, described, undescribed, best } = event
      const percent = (share: number) => `${(100 * share).toFixed(1)} %`
      const parts = [
        `validation loss ${loss.toFixed(3)}`,
        ...(bleu === undefined ? [] : [`BLEU ${bleu.toFixed(1)}`]),
        ...(perplexity === undefined ? [] : [`perplexity ${perplexity.toFixed(2)}`]),
        ...(bitsPerByte === undefined ? [] : [`${bitsPerByte.toFixed(3)} bits per byte`]),
        ...(described === undefined ? [] : [`right where a word is described ${percent(described)}`]),
        ...(undescribed === undefined ? [] : [`elsewhere ${percent(undescribed)}`]),
      ]
      return `step ${step}: ${parts.join(', ')}${best ? ' (best so far)' : ''}`
    }
    case 'checkpoint':
      return undefined
  }
}
