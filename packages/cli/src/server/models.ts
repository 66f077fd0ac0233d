import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { HeedError } from 'heed'
import { exists, openRepository, readText, repositoryOf } from 'heed/io'
import { listModels } from 'heed/models'
import { withProgress } from '../terminal/progress.js'
import { fileWithin, filesOf } from './files.js'

/** A model that the server gives: where it is, and what the page is told of it. */
export interface ServedModel {
  folder: string
  entry: ModelEntry
}

/** One line of models.json. */
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

/** What of a model folder is given out: what heed reads, and nothing that happens to lie beside it. */
const isModelFile = (name: string): boolean =>
  /^([\w.-]+\.(json|safetensors|jinja)|1_Pooling\/config\.json)$/.test(name)

export const modelFile = async ({ folder }: ServedModel, name: string): Promise<string | undefined> =>
  isModelFile(name) ? fileWithin(folder, name) : undefined

async function served(name: string, folder: string, description = ''): Promise<ServedModel> {
  const files = (await filesOf(folder)).filter(isModelFile)
  if (!files.includes('config.json'))
    throw new HeedError('not-found', `${folder}: no config.json; --model takes a model folder`)
  const config = JSON.parse(await readText(join(folder, 'config.json'))) as { model_type?: unknown }
  const weights = files.filter((file) => file.endsWith('.safetensors'))
  const sizes = await Promise.all(weights.map(async (file) => (await stat(join(folder, file))).size))
  const entry = {
    name,
    type: String(config.model_type),
    bytes: sizes.reduce((a, b) => a + b, 0),
    description,
    address: `models/${encodeURIComponent(name)}/`,
    files,
  }
  return { folder, entry }
}

/** A model of the hub comes into the cache that all commands share, and is given from there. */
async function openWanted(model: string, signal?: AbortSignal): Promise<ServedModel> {
  if (await exists(model)) return served(basename(resolve(model)), resolve(model))
  const repository = repositoryOf(model)
  if (!repository)
    throw new HeedError(
      'not-found',
      `there is no model '${model}'; heed models lists those that are shipped; or give a model folder, or org/name of the hub`,
    )
  const { path } = await withProgress(`downloading ${model}`, 'B', (onProgress) =>
    openRepository(repository, { signal, onProgress: (done, total) => onProgress({ done, total }) }),
  )
  return served(model.replace('/', '--'), path, repository.id)
}

/** The studio opens with the model whose task needs the link that its sentence is about. */
const preset = 'heed-describe'

/** The shipped models and the one that was asked for, which comes first. */
export async function servedModels(wanted = preset, signal?: AbortSignal): Promise<ServedModel[]> {
  const shipped = await Promise.all(
    (await listModels()).map(({ name, path, description }) => served(name, path, description)),
  )
  const own = shipped.find(({ entry }) => entry.name === wanted) ?? (await openWanted(wanted, signal))
  return [own, ...shipped.filter(({ entry }) => entry.name !== own.entry.name)]
}
