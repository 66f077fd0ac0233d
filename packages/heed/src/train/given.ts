import { HeedError } from '../errors.js'
import type { ModelFolder } from '../io/index.js'
import { quote } from '../json.js'
import type { TrainingOptions } from './settings.js'

/** What there is before the first step: of the checkpoint that a run resumes, or of the model that it goes on from. */
export type Given = Pick<ModelFolder, 'config' | 'tokenizerJson'>

/**
 * The tokenizer that a run has, or is given.
 *
 * @throws HeedError `input` when the run, or the model that it goes on from, has another one than is given
 */
export function tokenizerFor(
  { out, tokenizer, from }: TrainingOptions,
  given: Given | undefined,
): Record<string, unknown> | undefined {
  const own = given?.tokenizerJson
  if (own && tokenizer && JSON.stringify(tokenizer) !== JSON.stringify(own))
    throw new HeedError(
      'input',
      from === undefined
        ? `${out}: the run was started with another tokenizer; leave it out, or start a new run in another folder`
        : `${from}: has another tokenizer than the one that is given; go on from a model that has it`,
    )
  if (given && !own)
    throw new HeedError(
      'unsupported',
      `${from ?? out}: has no tokenizer.json, so there is no text to learn from`,
    )
  return own ?? tokenizer
}

/**
 * The config of the model that a run goes on from; undefined where it starts from random weights.
 *
 * @param types the kinds of model that it may be
 * @throws HeedError `unsupported` for any other
 */
export function configFrom(
  { from }: TrainingOptions,
  given: Given | undefined,
  types: readonly string[],
): Record<string, unknown> | undefined {
  if (from === undefined || !given) return undefined
  const { model_type: type } = given.config
  if (!types.includes(String(type)))
    throw new HeedError(
      'unsupported',
      `${from}: a ${quote(type)} model; this kind of training goes on from ${types.join(', ')}`,
    )
  return given.config
}
