// What a program outside sees: the built declarations under the strictest settings (`npm run types`).
import { attention, randn, type Tensor } from 'heed'
import { Recorder, ablate, capture } from 'heed/lens'
import { type CausalModel, type EncoderModel, loadModel } from 'heed/models'

export async function used(): Promise<Tensor> {
  const model = await loadModel<CausalModel>('heed-en')
  const recorder = new Recorder(model, { sites: 'layers.*.self' })
  for await (const { text } of model.generate('I', { observers: [recorder] })) text.trim()
  const seen = await capture(model, 'I see', { sites: ['layers.0.self'] })
  await seen.map('layers.0.self', 0).row(1)
  await model.run('I see', { with: [ablate('layers.0.self', 1)] })
  const encoder = await loadModel<EncoderModel>('heed-describe')
  await encoder.embed(['I see'])
  const q = randn([1, 4, 2, 8])
  return attention(q, q, q, { causal: true })
}
