import { HeedError, useBackend } from 'heed'
import { loadModel, Transformer } from 'heed/models'

/** The model of a command that translates. */
export async function openModel(name: string): Promise<Transformer> {
  await useBackend('wasm')
  const model = await loadModel(name)
  if (model instanceof Transformer) return model
  throw new HeedError('unsupported', `${name}: this command needs an encoder-decoder model`)
}
