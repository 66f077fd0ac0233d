import { currentBackend } from '../backends/current.js'
import type { Backend } from '../backends/backend.js'
import { HeedError, HeedTypeError } from '../errors.js'
import { exists, fileSize, readText } from '../io/files.js'
import { readModelFolder, type SafeTensor, safeTensor, toFloat32, writeModelFolder } from '../io/index.js'
import { parseRecord, quote } from '../json.js'
import type { Weights } from '../nn/weights.js'
import { tensor } from '../ops/create.js'
import { scope } from '../tensor/scope.js'
import { sameShape, type Shape, show } from '../tensor/shape.js'
import type { Family, Model } from './family.js'
import type { Transformer } from './transformer.js'

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
}
const shipped: readonly string[] = ['heed-en-de'] satisfies (keyof ShippedModels)[]

export interface LoadOptions {
  /** Where the weights go. Default: the current backend. */
  backend?: Backend
}

/**
 * Loads a model: a shipped one by name, or a folder in Hugging Face layout (config.json, model.safetensors,
 * tokenizer.json). F16 and BF16 weights are widened. The caller disposes it. What it is follows from `model_type` in
 * config.json: whoever knows the family names its class, `loadModel<CausalModel>('./gpt2')`.
 *
 * @throws HeedError `not-found` when there is no such model; `format` when config, weights or tokenizer are damaged or
 *   do not fit one another; `unsupported` for other families, and for hub ids
 */
export function loadModel<Name extends keyof ShippedModels>(
  name: Name,
  options?: LoadOptions,
): Promise<ShippedModels[Name]>
export function loadModel<M extends Model = Model>(nameOrFolder: string, options?: LoadOptions): Promise<M>
export async function loadModel(
  nameOrFolder: string,
  { backend = currentBackend() }: LoadOptions = {},
): Promise<Model> {
  const path = await folderOf(nameOrFolder)
  const { config: json, tensors: stored, ...files } = await readModelFolder(path)
  const family = await familyOf(json, path)
  const config = family.config(json)
  const tensors = renamed(stored, (name) => (family.rename ? family.rename(name, config) : name), path)
  checkTensors(family.shapes(config), family.optionalShapes?.(config) ?? new Map(), tensors, path)
  // A model that cannot be made leaves no weight behind.
  return scope(() => {
    const weights = readWeights(tensors, backend)
    const model = family.create(config, weights, files)
    for (const t of Object.values(weights)) t.keep()
    return model
  })
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
  tensors: ReadonlyMap<string, SafeTensor>,
  rename: (name: string) => string | undefined,
  path: string,
): Map<string, SafeTensor> {
  const result = new Map<string, SafeTensor>()
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

/** Where a model is. */
async function folderOf(name: string): Promise<string> {
  if (typeof name !== 'string' || name === '')
    throw new HeedTypeError('option', 'loadModel: name a model or a folder')
  const path = shipped.includes(name) ? await packageFolder(name) : undefined
  if (path) return path
  if (await exists(name)) return name
  const there = (await listModels()).map((model) => model.name).join(', ') || 'none'
  const hint = `shipped models: ${there}; or give a folder with config.json, model.safetensors and tokenizer.json`
  if (/^[\w.-]+\/[\w.-]+$/.test(name) && !name.startsWith('.'))
    throw new HeedError(
      'unsupported',
      `${quote(name)}: no such folder, and models of the hub are not offered yet; ${hint}`,
    )
  throw new HeedError('not-found', `there is no model ${quote(name)}; ${hint}`)
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
  found: ReadonlyMap<string, SafeTensor>,
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

const readWeights = (tensors: ReadonlyMap<string, SafeTensor>, backend: Backend): Weights =>
  Object.fromEntries(
    [...tensors].map(([name, stored]) => [name, tensor(toFloat32(stored), stored.shape, { backend })]),
  )

export interface SaveOptions {
  /** How weights are stored. F16 halves the file and rounds to 11 bits. Default F32. */
  dtype?: 'F32' | 'F16'
}

/**
 * Writes a model as a folder in Hugging Face layout, which `loadModel` and Python's safetensors and tokenizers open.
 * Weights in float64 are rounded to float32.
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
