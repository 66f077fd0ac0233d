import { HeedError, useBackend } from 'heed'
import { CausalModel, loadModel, type Model, Transformer } from 'heed/models'

/** The model of a command that takes any. */
export async function openModel(name: string): Promise<Model> {
  await useBackend('wasm')
  return loadModel(name)
}

/** The model of a command that translates. */
export const openTranslator = (name: string): Promise<Transformer> =>
  openA(name, Transformer, 'an encoder-decoder model, such as heed-en-de')

/** The model of a command that goes on from a text. */
export const openCausal = (name: string): Promise<CausalModel> =>
  openA(name, CausalModel, 'a causal language model, such as GPT-2')

async function openA<M extends Model>(
  name: string,
  kind: abstract new (...args: never[]) => M,
  needed: string,
): Promise<M> {
  const model = await openModel(name)
  if (model instanceof kind) return model
  model.dispose()
  throw new HeedError(
    'unsupported',
    `${name}: a ${model.config.model_type} model; this command needs ${needed}`,
  )
}
