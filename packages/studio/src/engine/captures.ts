import { type Capture, capture, inputActivations } from 'heed/lens'
import { matchSites, Transformer } from 'heed/models'
import type { OpenModel } from './models'
import type { Context } from './rpc'

/** Texts of a model that are held. */
const HELD = 4

/**
 * A capture of a text: q, k, v and outputs of attentions and what their projections read, of the side of the model that
 * `site` is on, so that another head or site of it needs no second run. The encoder is read without the translation, which
 * takes longer than all else.
 */
export async function captured(
  { model, info, captures }: OpenModel,
  text: string,
  site: string,
  { signal, onProgress }: Context,
): Promise<Capture> {
  const encoderAlone = model instanceof Transformer && site.startsWith('encoder.')
  const key = JSON.stringify([encoderAlone, text])
  const held = captures.get(key)
  if (held) {
    captures.delete(key)
    captures.set(key, held)
    return held
  }
  const sites = encoderAlone ? matchSites(model.sites, 'encoder.*') : [...model.sites]
  // Some families do not say what their projections read: their maps can be seen all the same.
  const activations = new Set(
    sites.flatMap((at) => (info.sites.includes(at) ? inputActivations(model, at) : [])),
  )
  const options = {
    sites: [...sites, ...activations],
    values: true,
    outputs: true,
    signal,
    onProgress: ({ done, total }: { done: number; total: number }) =>
      onProgress({ stage: 'read', done, total }),
    ...(encoderAlone && { target: '' }),
  }
  const made = await capture(model, text, options)
  for (const [old, capture] of [...captures].slice(0, Math.max(0, captures.size - HELD + 1))) {
    captures.delete(old)
    capture.dispose()
  }
  captures.set(key, made)
  return made
}
