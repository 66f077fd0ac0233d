import { currentBackend } from '../backends/current.js'
import type { Backend } from '../backends/backend.js'
import { HeedError, HeedTypeError } from '../errors.js'
import {
  exists,
  fileSize,
  readModelFolder,
  readText,
  type SafeTensor,
  safeTensor,
  toFloat32,
  writeModelFolder,
} from '../io/index.js'
import { quote } from '../io/text.js'
import type { Weights } from '../nn/weights.js'
import { tensor } from '../ops/create.js'
import { sameShape, type Shape, show } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { type AnyFamily, definedFamily, definedTypes, type Model } from './family.js'
import type { Transformer } from './transformer.js'

/** Families that come with heed, by `model_type`: loaded when a model asks for one. */
const families: Record<string, () => Promise<unknown>> = {
  'heed-transformer': () => import('./transformer.js'),
}

/** Models that heed ships, each a package with a model folder. */
const shipped = ['heed-en-de']

export interface LoadOptions {
  /** Where the weights go. Default: the current backend. */
  backend?: Backend
}

/**
 * Loads a model: a shipped one by name, or a folder in Hugging Face layout (config.json, model.safetensors,
 * tokenizer.json). F16 and BF16 weights are widened. The caller disposes it.
 *
 * @throws HeedError `not-found` when there is no such model; `format` when config, weights or tokenizer are damaged or
 *   do not fit one another; `unsupported` for other families, and for hub ids
 */
export async function loadModel(
  nameOrFolder: string,
  { backend = currentBackend() }: LoadOptions = {},
): Promise<AnyModel> {
  const path = await folderOf(nameOrFolder)
  const { config: json, tensors, path: _, ...files } = await readModelFolder(path)
  const family = await familyOf(json, path)
  const config = family.config(json)
  checkTensors(family.shapes(config), tensors, path)
  const weights = readWeights(tensors, backend)
  try {
    return family.create(config, weights, files) as AnyModel
  } catch (error) {
    for (const t of Object.values(weights)) t.dispose()
    throw error
  }
}

/** What `loadModel` gives: told apart by `config.model_type`. */
export type AnyModel = Transformer

async function familyOf(json: Record<string, unknown>, path: string): Promise<AnyFamily> {
  const type = json.model_type
  if (typeof type !== 'string')
    throw new HeedError(
      'format',
      `${path}: config.json has model_type ${quote(type)}, expected the name of a family`,
    )
  if (Object.hasOwn(families, type)) await families[type]()
  const family = definedFamily(type)
  if (!family) {
    const known = new Set([...Object.keys(families), ...definedTypes()])
    throw new HeedError(
      'unsupported',
      `${path}: model_type ${quote(type)} is not offered; there are ${[...known].join(', ')}`,
    )
  }
  return family
}

/** Where a model is. */
async function folderOf(name: string): Promise<string> {
  if (typeof name !== 'string' || name === '')
    throw new HeedTypeError('option', 'loadModel: name a model or a folder')
  const path = isPackageName(name) ? await packageFolder(name) : undefined
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

const isPackageName = (name: string): boolean => /^[a-z0-9][a-z0-9._-]*$/.test(name)

/** The folder of an installed package, when it is a model. */
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

/** The shipped models that are installed here. */
export async function listModels(): Promise<ShippedModel[]> {
  const found: ShippedModel[] = []
  for (const name of shipped) {
    const path = await packageFolder(name)
    if (!path) continue
    const json = async (file: string) =>
      JSON.parse(await readText(`${path}/${file}`)) as Record<string, unknown>
    const { description = '' } = await json('package.json')
    const { model_type: type } = await json('config.json')
    const bytes = await fileSize(`${path}/model.safetensors`)
    found.push({ name, path, type: String(type), bytes, description: String(description) })
  }
  return found
}

const floats = ['F32', 'F16', 'BF16', 'F64']

/** Names what is missing, too much or of another shape. */
function checkTensors(
  expected: ReadonlyMap<string, Shape>,
  found: ReadonlyMap<string, SafeTensor>,
  path: string,
): void {
  const wrong = (what: string, all: string[]) =>
    all.length > 0 &&
    new HeedError(
      'format',
      `${path}: the weights ${what}: ${all.slice(0, 5).join('; ')}${all.length > 5 ? `; and ${all.length - 5} more` : ''}`,
    )
  const error =
    wrong(
      'lack',
      [...expected].filter(([name]) => !found.has(name)).map(([name, shape]) => `${name} ${show(shape)}`),
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

function readWeights(tensors: ReadonlyMap<string, SafeTensor>, backend: Backend): Weights {
  const weights: Record<string, Tensor> = {}
  try {
    for (const [name, stored] of tensors)
      weights[name] = tensor(toFloat32(stored), stored.shape, { backend }).keep()
  } catch (error) {
    for (const t of Object.values(weights)) t.dispose()
    throw error
  }
  return weights
}

export interface SaveOptions {
  /** How weights are stored. F16 halves the file and rounds to 11 bits. Default F32. */
  dtype?: 'F32' | 'F16'
}

/**
 * Writes a model as a folder in Hugging Face layout, which `loadModel` and Python's safetensors and tokenizers open.
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
