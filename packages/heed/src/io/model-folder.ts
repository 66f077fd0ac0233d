import { HeedError } from '../errors.js'
import { isRecord, parseJson, parseRecord, quote } from '../json.js'
import type { SafeTensor } from './dtypes.js'
import { exists, makeFolder, readFile, readText, removeFile, stageFile, type StagedFile } from './files.js'
import { parseSafetensors, writeSafetensors } from './safetensors.js'

type Json = Record<string, unknown>

/** What a model folder in Hugging Face layout holds. */
export interface ModelFolder {
  /** config.json */
  config: Json
  /** model.safetensors, or all its shards together */
  tensors: Map<string, SafeTensor>
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
  /** chat_template.jinja, as text: how a conversation is written for the model. */
  chatTemplate?: string
}

const CONFIG = 'config.json'
const WEIGHTS = 'model.safetensors'
const INDEX = 'model.safetensors.index.json'
const OPTIONAL = {
  tokenizerJson: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  generationConfig: 'generation_config.json',
  poolingConfig: '1_Pooling/config.json',
  sentenceConfig: 'sentence_bert_config.json',
} as const
const MODULES = 'modules.json'
const CHAT_TEMPLATE = 'chat_template.jinja'
const LAYOUT = `a model folder holds ${CONFIG}, ${WEIGHTS} and tokenizer.json`

/**
 * Reads a model folder. Nothing in it is trusted: JSON must be objects, tensors must fit their file, shards must be
 * plain files of this folder and hold what the index says, no less and no more.
 *
 * @throws `not-found` when the folder, config.json or the weights are missing; `format` when a file is damaged;
 *   `unsupported` in browsers
 */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  if (!(await exists(path))) throw new HeedError('not-found', `${path}: no such folder; check the path`)
  const config = await readJson(path, CONFIG)
  if (!config) throw new HeedError('not-found', `${path}: no ${CONFIG}; ${LAYOUT}`)
  const folder: ModelFolder = { config, tensors: await readWeights(path) }
  for (const [field, name] of Object.entries(OPTIONAL) as [keyof typeof OPTIONAL, string][]) {
    const json = await readJson(path, name)
    if (json) folder[field] = json
  }
  const modules = `${path}/${MODULES}`
  if (await exists(modules)) folder.modules = parseList(await readText(modules), modules)
  const template = `${path}/${CHAT_TEMPLATE}`
  if (await exists(template)) folder.chatTemplate = await readText(template)
  return folder
}

function parseList(text: string, file: string): unknown[] {
  const json = parseJson(text, file)
  if (!Array.isArray(json)) throw new HeedError('format', `${file}: ${quote(json)}, expected a JSON list`)
  return json
}

async function readJson(path: string, name: string): Promise<Json | undefined> {
  const file = `${path}/${name}`
  return (await exists(file)) ? parseRecord(await readText(file), file) : undefined
}

async function readWeights(path: string): Promise<Map<string, SafeTensor>> {
  const file = `${path}/${WEIGHTS}`
  if (await exists(file)) return parseSafetensors(await readFile(file), file)
  const index = await readJson(path, INDEX)
  if (index) return readShards(path, index)
  const pickled =
    (await exists(`${path}/pytorch_model.bin`)) || (await exists(`${path}/pytorch_model.bin.index.json`))
  throw new HeedError(
    'not-found',
    `${path}: no ${WEIGHTS}; ` +
      (pickled ? 'heed does not read pytorch_model.bin, save it with safe_serialization=True' : LAYOUT),
  )
}

async function readShards(path: string, index: Json): Promise<Map<string, SafeTensor>> {
  const indexFile = `${path}/${INDEX}`
  const shardOf = readWeightMap(index, indexFile)
  const tensors = new Map<string, SafeTensor>()
  const extra: string[] = []
  for (const shard of new Set(shardOf.values())) {
    const file = `${path}/${shard}`
    if (!(await exists(file)))
      throw new HeedError('not-found', `${path}: no ${shard}, which ${INDEX} names; download it too`)
    for (const [name, tensor] of parseSafetensors(await readFile(file), file))
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

function readWeightMap(index: Json, indexFile: string): Map<string, string> {
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
  if (folder.chatTemplate !== undefined) contents.push([CHAT_TEMPLATE, folder.chatTemplate])
  else stale.push(CHAT_TEMPLATE)
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
