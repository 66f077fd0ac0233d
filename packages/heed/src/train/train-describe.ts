import { type TrainDescribeOptions, describeSettings } from './describe-settings.js'
import { describeTask } from './describe-task.js'
import { train, type TrainingResult } from './train.js'

/**
 * Trains a small encoder to say at each word of a sentence which word describes it (elephant: large), or `[NONE]`: a BERT
 * (Devlin et al. 2018) whose output over the vocabulary names the describing word, over a vocabulary of whole words. A
 * feed-forward network sees one position alone, so that only attention can bring *large* to *elephant*. In a run folder as
 * `trainTranslation`; the model folder opens with Hugging Face's transformers too, as BertForMaskedLM, and
 * `EncoderModel.describe` reads the answers.
 *
 * With `from` it goes on from such a model that there is.
 *
 * The same options give the same bits, also when a run is stopped and resumed. A resumed run must have the same model (and
 * `from`), data, seed and batchTokens; schedule, steps and the rest may be changed on purpose.
 *
 * @throws HeedError `input` when `out` holds a run and `resume` is not set, when a resumed run differs, when there is no
 *   sentence, or when the loss diverges; `format`, with the line, for malformed labels; `format` or `unsupported` for
 *   fields of the config; `aborted` when the signal comes before the first step (after that it makes a checkpoint and
 *   gives `finished: false`); HeedTypeError `option` for numbers out of range; what reading the files throws
 */
export async function trainDescribe(options: TrainDescribeOptions): Promise<TrainingResult> {
  const settings = describeSettings(options)
  return train(settings, (given) => describeTask(settings, given))
}
