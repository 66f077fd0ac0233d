import { HeedError, useBackend } from 'heed'
import { type EncoderModel, loadModel, type LoadProgress, type Model, Transformer } from 'heed/models'
import { createProgress, type Progress } from './terminal/progress.js'

/** A model by any of its names, with a line of progress while it is downloaded or loaded. */
export async function loadShown(name: string, signal?: AbortSignal): Promise<Model> {
  await useBackend('wasm')
  let line: { stage: LoadProgress['stage']; progress: Progress } | undefined
  try {
    return await loadModel(name, {
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

/** The model of a command that translates. */
export async function openModel(name: string, signal?: AbortSignal): Promise<Transformer> {
  const model = await loadShown(name, signal)
  if (model instanceof Transformer) return model
  model.dispose()
  throw new HeedError('unsupported', `${name}: this command needs an encoder-decoder model`)
}

/** What some models can do, and the kinds that can. */
const abilities = {
  embed: 'a model that gives vectors: an encoder, a language model or a translator',
  fill: 'a masked language model, such as BERT with its output over the vocabulary',
}
type Ability = keyof typeof abilities

/** The model of a command that needs an ability. */
export async function openModelThatCan<A extends Ability>(
  ability: A,
  name: string,
  signal?: AbortSignal,
): Promise<Model & Pick<EncoderModel, A>> {
  const model = await loadShown(name, signal)
  if (ability in model) return model as Model & Pick<EncoderModel, A>
  model.dispose()
  throw new HeedError('unsupported', `${name}: this command needs ${abilities[ability]}`)
}
