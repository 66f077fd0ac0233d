import { HeedError, useBackend } from 'heed'
import {
  CausalModel,
  type EncoderModel,
  loadModel,
  type LoadProgress,
  type Model,
  Transformer,
} from 'heed/models'
import type { ModelFlags } from './options.js'
import { createProgress, type Progress } from './terminal/progress.js'

/** The model of a command that takes any, by any of its names, with a line of progress while it comes. */
export async function openModel({ model: name, dtype }: ModelFlags, signal?: AbortSignal): Promise<Model> {
  await useBackend('wasm')
  let line: { stage: LoadProgress['stage']; progress: Progress } | undefined
  try {
    return await loadModel(name, {
      dtype,
      signal,
      onProgress: ({ stage, done, total }) => {
        if (line?.stage !== stage) {
          line?.progress.finish()
          line = { stage, progress: createProgress({ label: `${stage}ing ${name}` }) }
        }
        line.progress.update({ done, total, unit: 'B' })
      },
    })
  } finally {
    line?.progress.finish()
  }
}

/** A model that a command can use, or an error that says what it needs. */
async function openA<M extends Model>(
  flags: ModelFlags,
  signal: AbortSignal | undefined,
  is: (model: Model) => model is M,
  needed: string,
): Promise<M> {
  const model = await openModel(flags, signal)
  if (is(model)) return model
  model.dispose()
  throw new HeedError(
    'unsupported',
    `${flags.model}: a ${model.config.model_type} model; this command needs ${needed}`,
  )
}

/** The model of a command that translates. */
export const openTranslator = (flags: ModelFlags, signal?: AbortSignal): Promise<Transformer> =>
  openA(flags, signal, (m) => m instanceof Transformer, 'an encoder-decoder model, such as heed-en-de')

/** The model of a command that goes on from a text. */
export const openCausal = (flags: ModelFlags, signal?: AbortSignal): Promise<CausalModel> =>
  openA(flags, signal, (m) => m instanceof CausalModel, 'a causal language model, such as GPT-2')

/** Opens models that can do one more thing than see. */
const openFor =
  <K extends 'embed' | 'fill' | 'describe'>(method: K, what: string) =>
  (flags: ModelFlags, signal?: AbortSignal): Promise<Model & Pick<EncoderModel, K>> =>
    openA(flags, signal, (m): m is Model & Pick<EncoderModel, K> => method in m, what)

/** The model of a command that turns texts into vectors: each family can. */
export const openEmbedder = openFor('embed', 'a model that gives vectors')

/** The model of a command that fills masks. */
export const openMasked = openFor(
  'fill',
  'a masked language model, such as BERT with its output over the vocabulary',
)

/** The model of a command that asks which word describes which. */
export const openDescriber = openFor(
  'describe',
  'a model that was trained to describe, such as heed-describe',
)
