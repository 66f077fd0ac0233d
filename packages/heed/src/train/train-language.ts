import { languageTask } from './language-task.js'
import { languageSettings, type TrainLanguageOptions } from './settings.js'
import { train, type TrainingResult } from './train.js'

/**
 * Trains a causal language model, a Llama (rotary positions, RMS norms, gated feed-forward; Touvron et al. 2023) unless
 * the config names one of its kin, to predict every next token, in a run folder as `trainTranslation` does; the model folder opens with Hugging
 * Face's transformers too.
 *
 * A document is cut into windows of `contextLength` tokens. Each starts with the start token, so that a prompt looks
 * like what was trained on, and each token of a document, the end token included, is predicted once. Windows of like
 * length share a batch. Of documents made without end (`train` is a function) the first window of each is used.
 *
 * With `from` it goes on from a model of these families that there is, such as one of the hub.
 *
 * The same options give the same bits, also when a run is stopped and resumed. A resumed run must have the same model (and
 * `from`), data, seed, batchTokens and contextLength; schedule, steps and the rest may be changed on purpose.
 *
 * @throws HeedError `input` when `out` holds a run and `resume` is not set, when a resumed run differs, when there is no
 *   text, or when the loss diverges; `format` or `unsupported` for fields of the config; `aborted` when the signal comes
 *   before the first step (after that it makes a checkpoint and gives `finished: false`); HeedTypeError `option` for
 *   numbers out of range; what reading the files throws
 */
export async function trainLanguage(options: TrainLanguageOptions): Promise<TrainingResult> {
  const settings = languageSettings(options)
  return train(settings, (given) => languageTask(settings, given))
}
