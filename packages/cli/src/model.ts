import { HeedError, useBackend } from 'heed'
import { type EncoderModel, loadModel, type Model, Transformer } from 'heed/models'

/** The model of a command that translates. */
export async function openModel(name: string): Promise<Transformer> {
  await useBackend('wasm')
  const model = await loadModel(name)
  if (model instanceof Transformer) return model
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
): Promise<Model & Pick<EncoderModel, A>> {
  await useBackend('wasm')
  const model = await loadModel(name)
  if (ability in model) return model as Model & Pick<EncoderModel, A>
  model.dispose()
  throw new HeedError('unsupported', `${name}: this command needs ${abilities[ability]}`)
}
