import { currentBackend } from '../backends/current.js'
import type { Backend } from '../backends/backend.js'
import { HeedError, HeedTypeError } from '../errors.js'
import type { SafeTensor } from '../io/dtypes.js'
import { exists, fileSize, hasDisk, readText } from '../io/files.js'
import { diskFolder, type Folder } from '../io/folder.js'
import type { DownloadOptions } from '../io/hub/index.js'
import { repositoryOf } from '../io/hub/repository.js'
import { openModelFolder, writeModelFolder } from '../io/model-folder.js'
import { safeTensor, type StoredTensor } from '../io/safetensors.js'
import { parseRecord, quote } from '../json.js'
import { scope } from '../tensor/scope.js'
import { sameShape, type Shape, show } from '../tensor/shape.js'
import type { CausalModel } from './causal.js'
import type { EncoderModel } from './encoder.js'
import type { Family, Model } from './family.js'
import type { Transformer } from './transformer.js'
import { loadWeights, type WeightDType, weightDTypes } from './weights.js'

/** Config types differ by family; only the family itself looks inside its own. */
type AnyFamily = Family<unknown>
const opaque = <Config, M extends Model>(family: Family<Config, M>) => family as unknown as AnyFamily

/** By `model_type`. A family's code is loaded when a model asks for it. */
const families: Record<string, () => Promise<AnyFamily>> = {
  'heed-transformer': async () => opaque((await import('./transformer.js')).family),
  bert: async () => opaque((await import('./bert.js')).bert),
  roberta: async () => opaque((await import('./bert.js')).roberta),
  distilbert: async () => opaque((await import('./bert.js')).distilbert),
  gpt2: async () => opaque((await import('./gpt2.js')).gpt2),
  llama: async () => opaque((await import('./llama.js')).llama),
  mistral: async () => opaque((await import('./llama.js')).mistral),
  qwen2: async () => opaque((await import('./llama.js')).qwen2),
  qwen3: async () => opaque((await import('./llama.js')).qwen3),
}

/** Families from outside. */
const defined = new Map<string, AnyFamily>()

/**
 * Makes a family known to `loadModel`. Gives it back.
 *
 * @throws HeedTypeError `option` when another family has its type
 */
export function defineFamily<Config, M extends Model>(family: Family<Config, M>): Family<Config, M> {
  const { type } = family
  const taken = Object.hasOwn(families, type) || (defined.get(type) ?? family) !== family
  if (taken) throw new HeedTypeError('option', `defineFamily: there is a family '${type}' already`)
  defined.set(type, opaque(family))
  return family
}

/** Models that heed ships, each a package with a model folder. */
export interface ShippedModels {
  'heed-en-de': Transformer
  'heed-en': CausalModel
  'heed-copy': CausalModel
  'heed-describe': EncoderModel
}
const shipped: readonly string[] = [
  'heed-en-de',
  'heed-en',
  'heed-copy',
  'heed-describe',
] satisfies (keyof ShippedModels)[]

export interface LoadOptions {
  /** Where the weights go. Default: the current backend. */
  backend?: Backend
  /**
   * What matrices and embedding tables are kept as in memory, whatever the file has. Default `f32`; `f16` takes half of
   * that and `int8`, with a scale for each output channel, a quarter. Kernels compute in float32 with all of them; only
   * `f32` can be trained.
   */
  dtype?: WeightDType
  signal?: AbortSignal
  onProgress?: (progress: LoadProgress) => void
}

export interface LoadProgress {
  /** `download`: from the hub into the cache; `load`: from the disk into the backend's memory. */
  stage: 'download' | 'load'
  /** Bytes; of a download that goes on, those that were there before too. */
  done: number
  total: number
}

/**
 * Loads a model: a shipped one by name, a folder in Hugging Face layout (config.json, model.safetensors, tokenizer.json),
 * or a model of the Hugging Face hub, `org/name` or `org/name@revision`, which is downloaded into the cache that Python's
 * huggingface_hub uses too (HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE are obeyed). A `Folder` is files
 * from elsewhere: in a page `servedFolder('/models/mine/')` of `heed/io`. Weights go
 * from the file straight into the backend's memory, F16 and BF16 widened to float32 unless `dtype` says otherwise. The caller disposes the model. What it is
 * follows from `model_type` in config.json: whoever knows the family names its class,
 * `loadModel<CausalModel>('openai-community/gpt2')`.
 *
 * @throws HeedError `not-found` when there is no such model or revision; `access` when the hub refuses it; `network`;
 *   `format` when config, weights or tokenizer are damaged or do not fit one another; `unsupported` for other families;
 *   `memory` when the weights cannot fit; `input` when the disk is full or a weight is no number that float16 has; `aborted`
 */
export function loadModel<Name extends keyof ShippedModels>(
  name: Name,
  options?: LoadOptions,
): Promise<ShippedModels[Name]>
export function loadModel<M extends Model = Model>(
  nameOrFolder: string | Folder,
  options?: LoadOptions,
): Promise<M>
export async function loadModel(
  nameOrFolder: string | Folder,
  { backend = currentBackend(), dtype = 'f32', signal, onProgress }: LoadOptions = {},
): Promise<Model> {
  if (!weightDTypes.includes(dtype))
    throw new HeedTypeError(
      'option',
      `loadModel: dtype must be one of ${weightDTypes.join(', ')}, got ${quote(dtype)}`,
    )
  const report = (stage: LoadProgress['stage']) => (done: number, total: number) =>
    onProgress?.({ stage, done, total })
  const folder =
    typeof nameOrFolder === 'object' && nameOrFolder !== null
      ? nameOrFolder
      : await folderOf(nameOrFolder, { signal, onProgress: report('download') })
  const { path } = folder
  const { config: json, tensors: stored, close, ...files } = await openModelFolder(folder)
  try {
    const family = await familyOf(json, path)
    const config = inFolder(path, () => family.config(json))
    const tensors = renamed(stored, (name) => (family.rename ? family.rename(name, config) : name), path)
    checkTensors(family.shapes(config), family.optionalShapes?.(config) ?? new Map(), tensors, path)
    const { outputAxis } = family
    const kept = { dtype, outputAxis, signal, onProgress: report('load') }
    const weights = await loadWeights(tensors, backend, path, kept)
    try {
      return inFolder(path, () => scope(() => family.create(config, weights, files)))
    } catch (error) {
      // A model that cannot be made leaves no weight behind.
      for (const t of Object.values(weights)) t.dispose()
      throw error
    }
  } finally {
    await close()
  }
}

/** Names the folder in errors of what knows only its files. */
function inFolder<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof HeedError && !error.message.startsWith(path))
      throw new HeedError(error.code, `${path}: ${error.message}`, { cause: error })
    throw error
  }
}

function familyOf(json: Record<string, unknown>, path: string): AnyFamily | Promise<AnyFamily> {
  const type = json.model_type
  if (typeof type !== 'string')
    throw new HeedError(
      'format',
      `${path}: config.json has model_type ${quote(type)}, expected the name of a family`,
    )
  const family = defined.get(type) ?? (Object.hasOwn(families, type) ? families[type]() : undefined)
  if (!family)
    throw new HeedError(
      'unsupported',
      `${path}: model_type ${quote(type)} is not offered; there are ${[...Object.keys(families), ...defined.keys()].join(', ')}`,
    )
  return family
}

/** Tensors under the names that the family gives them. */
function renamed(
  tensors: ReadonlyMap<string, StoredTensor>,
  rename: (name: string) => string | undefined,
  path: string,
): Map<string, StoredTensor> {
  const result = new Map<string, StoredTensor>()
  for (const [stored, t] of tensors) {
    const name = rename(stored)
    if (name === undefined) continue
    if (result.has(name))
      throw new HeedError(
        'format',
        `${path}: the weights hold ${quote(name)} twice, once as ${quote(stored)}`,
      )
    result.set(name, t)
  }
  return result
}

/** Where a model is: a folder comes before a repository of the same name. */
async function folderOf(name: string, options: DownloadOptions): Promise<Folder> {
  if (typeof name !== 'string' || name === '')
    throw new HeedTypeError('option', 'loadModel: name a model or a folder')
  const path = shipped.includes(name) ? await packageFolder(name) : undefined
  if (path) return diskFolder(path)
  if (hasDisk() && (await exists(name))) return diskFolder(name)
  const repository = repositoryOf(name)
  if (repository) return (await import('../io/hub/index.js')).openRepository(repository, options)
  const there = (await listModels()).map((model) => model.name).join(', ') || 'none'
  throw new HeedError(
    'not-found',
    `there is no model ${quote(name)}; shipped models: ${there}; or give a folder with config.json, model.safetensors and tokenizer.json, or a model of the hub as org/name`,
  )
}

/** The folder of a shipped model's package, when it is installed. */
async function packageFolder(name: string): Promise<string | undefined> {
  let url: string
  try {
    url = import.meta.resolve(`${name}/package.json`)
  } catch {
    return undefined
  }
  if (!url.startsWith('file:')) return undefined
  const path = decodeURIComponent(new URL('.', url).pathname)
    .replace(/^\/(?=[A-Za-z]:)/, '')
    .replace(/\/$/, '')
  return (await exists(`${path}/config.json`)) ? path : undefined
}

export interface ShippedModel {
  name: string
  /** Its folder. */
  path: string
  /** `model_type` of its config.json. */
  type: string
  /** Size of its weights on disk. */
  bytes: number
  /** One line, from its package.json. */
  description: string
}

/** The shipped models that are installed here and whole. */
export async function listModels(): Promise<ShippedModel[]> {
  const found: ShippedModel[] = []
  for (const name of shipped) {
    const path = await packageFolder(name)
    if (path) found.push(...(await shippedModel(name, path)))
  }
  return found
}

/** None where the package is damaged: whoever loads it is told how. */
async function shippedModel(name: string, path: string): Promise<ShippedModel[]> {
  const json = async (file: string) => parseRecord(await readText(`${path}/${file}`), `${path}/${file}`)
  try {
    const { description = '' } = await json('package.json')
    const { model_type: type } = await json('config.json')
    const bytes = await fileSize(`${path}/model.safetensors`)
    return [{ name, path, type: String(type), bytes, description: String(description) }]
  } catch (error) {
    if (error instanceof HeedError) return []
    throw error
  }
}

const floats = ['F32', 'F16', 'BF16', 'F64']

/** Names what is missing, too much or of another shape. */
function checkTensors(
  required: ReadonlyMap<string, Shape>,
  optional: ReadonlyMap<string, Shape>,
  found: ReadonlyMap<string, StoredTensor>,
  path: string,
): void {
  const wrong = (what: string, all: string[]) =>
    all.length > 0 &&
    new HeedError(
      'format',
      `${path}: the weights ${what}: ${all.slice(0, 5).join('; ')}${all.length > 5 ? `; and ${all.length - 5} more` : ''}`,
    )
  const expected = new Map([...required, ...[...optional].filter(([name]) => found.has(name))])
  const error =
    wrong(
      'lack',
      [...required].filter(([name]) => !found.has(name)).map(([name, shape]) => `${name} ${show(shape)}`),
    ) ||
    wrong(
      'hold tensors that this model does not have',
      [...found]
        .filter(([name]) => !expected.has(name))
        .map(([name, { shape }]) => `${quote(name)} ${show(shape)}`),
    ) ||
    wrong(
      'do not fit config.json',
      [...expected]
        .filter(([name, shape]) => !sameShape(shape, found.get(name)!.shape))
        .map(([name, shape]) => `${name} is ${show(found.get(name)!.shape)}, expected ${show(shape)}`),
    ) ||
    wrong(
      'must be floats',
      [...found]
        .filter(([, { dtype }]) => !floats.includes(dtype))
        .map(([name, { dtype }]) => `${name} is ${dtype}`),
    )
  if (error) throw error
}

export interface SaveOptions {
  /** How weights are stored. F16 halves the file and rounds to 11 bits. Default F32. */
  dtype?: 'F32' | 'F16'
}

/**
 * Writes a model as a folder in Hugging Face layout, which `loadModel` and Python's safetensors and tokenizers open.
 * Weights in float64 are rounded to float32; those kept as float16 or int8 are written as the floats they stand for.
 *
 * @throws HeedError `input` when it cannot be written, or a weight does not fit F16
 */
export async function saveModel(
  model: Model,
  path: string,
  { dtype = 'F32' }: SaveOptions = {},
): Promise<void> {
  if (dtype !== 'F32' && dtype !== 'F16')
    throw new HeedTypeError('option', `saveModel: dtype must be 'F32' or 'F16', got ${quote(dtype)}`)
  const tensors = new Map<string, SafeTensor>()
  for (const [name, t] of Object.entries(model.weights)) {
    const data = Float32Array.from(await t.data())
    tensors.set(name, safeTensor({ name, dtype, shape: t.shape, data }))
  }
  await writeModelFolder(path, { config: { ...model.config }, tensors, ...model.files })
}
