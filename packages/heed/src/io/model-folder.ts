import { HeedError } from '../errors.js'
import { isRecord, parseJson, parseRecord, quote } from '../json.js'
import type { SafeTensor } from './dtypes.js'
import { makeFolder, type OpenFile, removeFile, stageFile, type StagedFile } from './files.js'
import { diskFolder, type Folder } from './folder.js'
import { openSafetensors, type StoredTensor, writeSafetensors } from './safetensors.js'

export type Json = Record<string, unknown>

/** What a model folder in Hugging Face layout holds. */
export interface ModelFolder<Stored = SafeTensor> {
  /** config.json */
  config: Json
  /** model.safetensors, or all its shards together */
  tensors: Map<string, Stored>
  /** tokenizer.json */
  tokenizerJson?: Json
  /** tokenizer_config.json */
  tokenizerConfig?: Json
  /** generation_config.json */
  generationConfig?: Json
  /** 1_Pooling/config.json of sentence-transformers: how token vectors become one. */
  poolingConfig?: Json
  /** sentence_bert_config.json of sentence-transformers. */
  sentenceConfig?: Json
  /** modules.json of sentence-transformers, a list: the steps from text to vector. */
  modules?: readonly unknown[]
  /** chat_template.jinja: how a conversation becomes one text. */
  chatTemplate?: string
}

/** A model folder whose tensors are still in their files. */
export interface OpenModelFolder extends ModelFolder<StoredTensor> {
  /** Closes the files; the tensors cannot be read any more. */
  close(): Promise<void>
}

export const CONFIG = 'config.json'
export const WEIGHTS = 'model.safetensors'
export const INDEX = 'model.safetensors.index.json'
const OPTIONAL = {
  tokenizerJson: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  generationConfig: 'generation_config.json',
  poolingConfig: '1_Pooling/config.json',
  sentenceConfig: 'sentence_bert_config.json',
} as const
const MODULES = 'modules.json'
const CHAT = 'chat_template.jinja'
/** Files of a model folder that may be missing. */
export const OPTIONAL_FILES: readonly string[] = [...Object.values(OPTIONAL), MODULES, CHAT]
/** Weights in Python's own format, which can run any code when it is read. */
export const PICKLED = ['pytorch_model.bin', 'pytorch_model.bin.index.json']
export const NOT_PICKLED = 'heed does not read pytorch_model.bin, save it with safe_serialization=True'
const LAYOUT = `a model folder holds ${CONFIG}, ${WEIGHTS} and tokenizer.json`

/**
 * Opens a model folder: all but the tensors is read, of those the headers. Nothing in it is trusted: JSON must be
 * objects, tensors must fit their file, shards must be plain files of this folder and hold what the index says, no less
 * and no more.
 *
 * @throws `not-found` when config.json or the weights are missing; `format` when a file is damaged
 */
export async function openModelFolder(folder: Folder): Promise<OpenModelFolder> {
  const { path } = folder
  const json = async (name: string) => {
    const text = await folder.text(name)
    return text === undefined ? undefined : parseRecord(text, `${path}/${name}`)
  }
  const config = await json(CONFIG)
  if (!config) throw new HeedError('not-found', `${path}: no ${CONFIG}; ${LAYOUT}`)
  const files: Omit<ModelFolder, 'config' | 'tensors'> = {}
  for (const [field, name] of Object.entries(OPTIONAL) as [keyof typeof OPTIONAL, string][]) {
    const read = await json(name)
    if (read) files[field] = read
  }
  const modules = await folder.text(MODULES)
  if (modules !== undefined) files.modules = parseList(modules, `${path}/${MODULES}`)
  const chatTemplate = await folder.text(CHAT)
  if (chatTemplate !== undefined) files.chatTemplate = chatTemplate
  return { config, ...files, ...(await openWeights(folder, () => json(INDEX))) }
}

/**
 * Reads a model folder of the disk whole, as {@link openModelFolder} does, with all bytes of its tensors.
 *
 * @throws `not-found` when the folder, config.json or the weights are missing; `format` when a file is damaged;
 *   `unsupported` in browsers
 */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  const { close, tensors: stored, ...rest } = await openModelFolder(await diskFolder(path))
  try {
    const tensors = new Map<string, SafeTensor>()
    for (const [name, { dtype, shape, file, start, end }] of stored) {
      const bytes = new Uint8Array(end - start)
      await file.read(start, bytes)
      tensors.set(name, { dtype, shape, bytes })
    }
    return { ...rest, tensors }
  } finally {
    await close()
  }
}

function parseList(text: string, file: string): unknown[] {
  const json = parseJson(text, file)
  if (!Array.isArray(json)) throw new HeedError('format', `${file}: ${quote(json)}, expected a JSON list`)
  return json
}

/** The tensors of model.safetensors, or, where there is none, of the shards that the index names. */
async function openWeights(
  folder: Folder,
  readIndex: () => Promise<Json | undefined>,
): Promise<Pick<OpenModelFolder, 'tensors' | 'close'>> {
  const opened: OpenFile[] = []
  const close = async () => void (await Promise.all(opened.map((file) => file.close())))
  const open = async (name: string) => {
    const file = await folder.open(name)
    if (!file) return undefined
    opened.push(file)
    return openSafetensors(file, `${folder.path}/${name}`)
  }
  try {
    const tensors = await open(WEIGHTS)
    if (tensors) return { tensors, close }
    const index = await readIndex()
    if (index) return { tensors: await openShards(folder.path, index, open), close }
    throw new HeedError('not-found', `${folder.path}: no ${WEIGHTS}; ${await otherWeights(folder)}`)
  } catch (error) {
    await close()
    throw error
  }
}

async function otherWeights(folder: Folder): Promise<string> {
  for (const name of PICKLED) {
    const file = await folder.open(name)
    await file?.close()
    if (file) return NOT_PICKLED
  }
  return LAYOUT
}

async function openShards(
  path: string,
  index: Json,
  open: (shard: string) => Promise<Map<string, StoredTensor> | undefined>,
): Promise<Map<string, StoredTensor>> {
  const indexFile = `${path}/${INDEX}`
  const shardOf = readWeightMap(index, indexFile)
  const tensors = new Map<string, StoredTensor>()
  const extra: string[] = []
  for (const shard of new Set(shardOf.values())) {
    const inShard = await open(shard)
    if (!inShard)
      throw new HeedError('not-found', `${path}: no ${shard}, which ${INDEX} names; download it too`)
    for (const [name, tensor] of inShard)
      if (shardOf.get(name) === shard) tensors.set(name, tensor)
      else extra.push(`${quote(name)} in ${shard}`)
  }
  const missing = [...shardOf]
    .filter(([name]) => !tensors.has(name))
    .map(([name, s]) => `${quote(name)} in ${s}`)
  if (missing.length > 0)
    throw new HeedError(
      'format',
      `${indexFile}: names ${listed(missing)}, which the shards do not hold there`,
    )
  if (extra.length > 0)
    throw new HeedError('format', `${indexFile}: does not name ${listed(extra)}, which the shards hold`)
  return tensors
}

/** A file name that stays in its folder on every system. */
const isPlainShard = (name: unknown): name is string =>
  typeof name === 'string' && /^[^/\\:\p{C}]+\.safetensors$/u.test(name)

/**
 * Which shard holds which tensor.
 *
 * @throws `format` for a shard that is no plain file beside the index
 */
export function readWeightMap(index: Json, indexFile: string): Map<string, string> {
  const map = index.weight_map
  if (!isRecord(map))
    throw new HeedError('format', `${indexFile}: weight_map is ${quote(map)}, expected an object`)
  const shardOf = new Map<string, string>()
  for (const [name, shard] of Object.entries(map)) {
    if (!isPlainShard(shard))
      throw new HeedError(
        'format',
        `${indexFile}: tensor ${quote(name)} is in ${quote(shard)}, expected the name of a .safetensors file beside it`,
      )
    shardOf.set(name, shard)
  }
  return shardOf
}

/** At most three of them, and how many more. */
const listed = (items: string[]): string =>
  items.slice(0, 3).join(', ') + (items.length > 3 ? ` and ${items.length - 3} more` : '')

/**
 * Writes a model folder, each file atomically.
 *
 * The rule: a folder with model.safetensors is whole. All files are first written under temporary names, so that a
 * full disk leaves the old model as it was; then the old weights (and the index of shards) go, the JSON files take
 * their places, and model.safetensors comes last. A program that dies on the way leaves a folder without weights,
 * which no reader takes for a model. JSON files of the old model that the new one lacks are removed; other files,
 * old shards among them, are left alone.
 *
 * @throws `input` (no permission, no space), or `unsupported` in browsers
 */
export async function writeModelFolder(path: string, folder: ModelFolder): Promise<void> {
  const weights = writeSafetensors(
    [...folder.tensors].map(([name, { dtype, shape, bytes }]) => ({ name, dtype, shape, data: bytes })),
    { format: 'pt' }, // transformers refuses a file without it
  )
  const stale = [WEIGHTS, INDEX]
  const contents: [string, Uint8Array | string][] = [[CONFIG, jsonText(folder.config)]]
  for (const [field, name] of Object.entries(OPTIONAL) as [keyof typeof OPTIONAL, string][]) {
    const json = folder[field]
    if (json) contents.push([name, jsonText(json)])
    else stale.push(name)
  }
  if (folder.modules) contents.push([MODULES, jsonText(folder.modules)])
  else stale.push(MODULES)
  if (folder.chatTemplate !== undefined) contents.push([CHAT, folder.chatTemplate])
  else stale.push(CHAT)
  contents.push([WEIGHTS, weights])

  await makeFolder(path)
  if (folder.poolingConfig) await makeFolder(`${path}/1_Pooling`)
  const staged: StagedFile[] = []
  try {
    for (const [name, content] of contents) staged.push(await stageFile(`${path}/${name}`, content))
    for (const name of stale) await removeFile(`${path}/${name}`)
    for (const file of staged) await file.commit()
  } catch (error) {
    await Promise.allSettled(staged.map((file) => file.discard()))
    throw error
  }
}

const jsonText = (json: Json | readonly unknown[]): string => `${JSON.stringify(json, null, 2)}\n`
