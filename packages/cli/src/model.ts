import { HeedError, useBackend } from 'heed'
import { loadModel, type LoadProgress, type Model, Transformer } from 'heed/models'
import { createProgress, type Progress } from './terminal/progress.js'

/** A model by any of its names, with a line of progress while it is downloaded or loaded. */
async function loadShown(name: string, signal?: AbortSignal): Promise<Model> {
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
