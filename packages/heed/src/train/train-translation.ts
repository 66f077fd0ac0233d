import { translationSettings, type TrainTranslationOptions } from './settings.js'
import { train, type TrainingResult } from './train.js'
import { translationTask } from './translation-task.js'

/**
 * Trains a Transformer ("Attention Is All You Need") to translate, in a run folder: `checkpoints/`, `metrics.jsonl`
 * with a JSON object per line, and at the end the best model itself (config.json, model.safetensors, tokenizer.json).
 *
 * With `from` it goes on from a model that there is: its shape, weights and tokenizer, a fresh optimiser and schedule.
 *
 * The same options give the same bits, also when a run is stopped and resumed: the order of the data, dropout and
 * initial weights are pure functions of the seed, the epoch and the step. A resumed run must have the same model
 * (and `from`), data, seed and batchTokens; schedule, steps and the rest may be changed on purpose.
 *
 * @throws HeedError `input` when `out` holds a run and `resume` is not set, when a resumed run differs, or when the
 *   loss diverges; `unsupported` when `from` is no such Transformer, and what `loadModel` throws; `aborted` when the signal comes before the first step (after that it makes a checkpoint and gives
 *   `finished: false`); HeedTypeError `option` for numbers out of range; what reading the files throws
 */
export async function trainTranslation(options: TrainTranslationOptions): Promise<TrainingResult> {
  const settings = translationSettings(options)
  return train(settings, (given) => translationTask(settings, given))
}
