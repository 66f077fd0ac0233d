import { HeedError, useBackend } from 'heed'
import { servedFolder } from 'heed/io'
import { inputActivations, type Capture } from 'heed/lens'
import { CausalModel, loadModel, type Model, Transformer } from 'heed/models'
import { givenFolder } from './folder'
import type { Context } from './rpc'

/** One line of models.json: a model that this site gives. */
export interface ModelEntry {
  name: string
  /** `model_type` of its config.json. */
  type: string
  /** Of its weights. */
  bytes: number
  description: string
  /** Its folder, relative to the page. */
  address: string
  /** All files there. */
  files: string[]
}

/** Where a model comes from: files that a server gives, a folder that the reader opened, or else the hub. */
export interface ModelSource {
  /** What it is called in addresses of views: a name of models.json, `./name` of a folder, or `org/name` of the hub. */
  name: string
  /** The number of a `GivenFolder`. */
  folder?: number
  /** Absolute. */
  address?: string
  files?: readonly string[]
}

/** What the page is told of a model. */
export interface ModelInfo {
  name: string
  type: string
  parameters: number
  sites: readonly string[]
  /** Query heads of every attention. */
  heads: number
  /** The most tokens of a text. */
  limit: number
  /** It translates a text first, and has two sides. */
  translates: boolean
  /** It goes on with a text. */
  generates: boolean
  /** Threads that compute, and how many this machine would give to an isolated page. */
  threads: number
  cores: number
}

/** A model in the engine's memory, and what it has read lately. */
export interface OpenModel {
  readonly model: Model
  readonly info: ModelInfo
  /** By text and by what was kept; the latest last. */
  readonly captures: Map<string, Capture>
}

/** Models held at once: enough to compare two. */
const HELD = 2

let backend: ReturnType<typeof useBackend> | undefined
/** As many threads as the page may have: one unless it is isolated. */
export const started = () => (backend ??= useBackend('wasm'))

const models = new Map<string, OpenModel>()

function dispose({ model, captures }: OpenModel): void {
  for (const capture of captures.values()) capture.dispose()
  model.dispose()
}

/** What those who waited behind a model that failed fail with too: nothing is fetched twice in a row. */
const failing = new Map<string, unknown>()

/**
 * The model of a source, loaded the first time. The ones used longest ago go.
 *
 * @throws what `loadModel` throws
 */
export async function openModel(source: ModelSource, context: Context): Promise<OpenModel> {
  const key = JSON.stringify([source.name, source.folder])
  const held = models.get(key)
  if (held) {
    models.delete(key)
    models.set(key, held)
    return held
  }
  if (failing.has(key)) throw failing.get(key)
  try {
    const opened = await load(source, context)
    models.set(key, opened)
    return opened
  } catch (error) {
    if (!context.signal.aborted) {
      failing.set(key, error)
      // Requests that wait come before it, those that are made anew after it.
      setTimeout(() => failing.delete(key))
    }
    throw error
  }
}

async function load(source: ModelSource, { signal, onProgress }: Context): Promise<OpenModel> {
  const report = (stage: string) => (done: number, total: number) => onProgress({ stage, done, total })
  const { name, address, files, folder } = source
  const from = address
    ? servedFolder(address, { files, signal, onProgress: report('download') })
    : folder === undefined
      ? name
      : givenFolder(folder, name)
  const { threads } = (await started()) as { threads?: number }
  for (const [name, old] of [...models].slice(0, Math.max(0, models.size - HELD + 1))) {
    models.delete(name)
    dispose(old)
  }
  const model = await loadModel(from, {
    signal,
    onProgress: ({ stage, done, total }) => onProgress({ stage, done, total }),
  })
  if (!model.tokenizer) {
    model.dispose()
    throw new HeedError(
      'unsupported',
      `${name} has no tokenizer.json: it takes ids, not text; choose another model`,
    )
  }
  return { model, info: infoOf(name, model, threads ?? 1), captures: new Map<string, Capture>() }
}

/** Lets go of all models. */
export function closeModels(): void {
  for (const open of models.values()) dispose(open)
  models.clear()
}

function infoOf(name: string, model: Model, threads: number): ModelInfo {
  return {
    name,
    type: model.config.model_type,
    parameters: Object.values(model.weights).reduce((sum, { size }) => sum + size, 0),
    sites: attentionsWithInputs(model),
    heads: model.heads,
    limit: model.maxPositions,
    translates: model instanceof Transformer,
    generates: model instanceof CausalModel && model.net.logits !== undefined,
    threads,
    cores: globalThis.navigator?.hardwareConcurrency ?? 1,
  }
}

/** Attentions whose projections the family tells. */
function attentionsWithInputs(model: Model): string[] {
  return model.sites.filter((site) => {
    try {
      return inputActivations(model, site).length > 0
    } catch (error) {
      if (error instanceof HeedError && error.code === 'unsupported') return false
      throw error
    }
  })
}
