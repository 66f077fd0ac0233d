import { currentBackend } from '../backends/current.js'
import type { Backend } from '../backends/backend.js'
import { HeedError } from '../errors.js'
import {
  exists,
  listNames,
  makeFolder,
  readFile,
  readText,
  removeFolder,
  rename,
  writeFileAtomic,
} from '../io/files.js'
import {
  type ModelFolder,
  parseSafetensors,
  readModelFolder,
  type SafeTensor,
  safeTensor,
  writeModelFolder,
  writeSafetensors,
} from '../io/index.js'
import { parseRecord, quote } from '../json.js'
import { tensor } from '../ops/create.js'
import { scope } from '../tensor/scope.js'
import { show } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'

/*
 * A run folder:
 *   checkpoints/step-000200/   a model folder (any tool can load it), and beside it
 *     training.safetensors     the optimiser's moments, and the trained weights where model.safetensors has averages
 *     state.json               the step, the place in the data, the best score …
 *   checkpoints/index.json     which folders are the latest, those before it and the best
 *
 * A checkpoint exists once index.json names it: its folder is written under another name, renamed when whole, and
 * then index.json is replaced. A program that dies on the way leaves the run as it was, with a folder too many that
 * the next checkpoint removes.
 */

/** What index.json holds: names of folders beside it. */
export interface CheckpointIndex {
  latest: string
  /** The ones before, the newest first. */
  earlier?: string[]
  best?: string
}

export interface Checkpoint<State> {
  /** Config, weights and tokenizer, as a model folder has them. */
  model: ModelFolder
  /** What training needs beside the model. */
  training: Map<string, SafeTensor>
  /** JSON. */
  state: State
}

const folderOf = (run: string, name = ''): string => `${run}/checkpoints${name && `/${name}`}`
const indexFile = (run: string): string => `${folderOf(run)}/index.json`

/** Which checkpoints a run folder has; undefined when it has none. */
export async function readCheckpointIndex(run: string): Promise<CheckpointIndex | undefined> {
  const file = indexFile(run)
  if (!(await exists(file))) return undefined
  const json = parseRecord(await readText(file), file) as unknown as CheckpointIndex
  const { latest, earlier = [], best = latest } = json
  for (const name of [latest, best, ...(Array.isArray(earlier) ? earlier : [earlier])] as unknown[])
    if (typeof name !== 'string' || !/^step-\d+(-2)?$/.test(name))
      throw new HeedError('format', `${file}: ${quote(name)} does not name a checkpoint, as step-000100 does`)
  return json
}

export interface WriteCheckpointOptions {
  /** It becomes the best. Default false. */
  best?: boolean
  /** How many of the latest are kept beside the best. Default 2. */
  keep?: number
}

/**
 * Writes the checkpoint of a step and makes it the latest, and the best if `best`. Then removes all checkpoints but
 * the latest few and the best. Gives its folder.
 *
 * @throws HeedError `input` when it cannot be written; the run's checkpoints are then as they were
 */
export async function writeCheckpoint<State>(
  run: string,
  step: number,
  checkpoint: Checkpoint<State>,
  { best = false, keep = 2 }: WriteCheckpointOptions = {},
): Promise<string> {
  const before = await readCheckpointIndex(run)
  // A step has a second one when its evaluation was cut short, made again by the resumed run, and the best.
  const named = `step-${String(step).padStart(6, '0')}`
  const name = before?.latest === named ? `${named}-2` : named
  const [temporary, folder] = [folderOf(run, `${name}.tmp`), folderOf(run, name)]
  try {
    await removeFolder(temporary)
    await writeWhole(temporary, checkpoint)
    // No index names a folder of this name: it is what a dead run left.
    await removeFolder(folder)
    await rename(temporary, folder)
  } catch (error) {
    await removeFolder(temporary).catch(() => undefined) // a full disk wants its space back
    throw error
  }
  const earlier = before ? [before.latest, ...(before.earlier ?? [])].slice(0, keep - 1) : []
  await writeIndex(run, { latest: name, earlier, best: best ? name : before?.best })
  return folder
}

async function writeWhole<State>(
  folder: string,
  { model, training, state }: Checkpoint<State>,
): Promise<void> {
  await makeFolder(folder)
  const tensors = [...training].map(([name, { dtype, shape, bytes }]) => ({
    name,
    dtype,
    shape,
    data: bytes,
  }))
  await writeFileAtomic(`${folder}/training.safetensors`, writeSafetensors(tensors))
  await writeFileAtomic(`${folder}/state.json`, `${JSON.stringify(state, null, 2)}\n`)
  await writeModelFolder(folder, model)
}

/** Replaces the index, and removes the folders that it does not name, and indexes that a killed run was writing. */
async function writeIndex(run: string, index: CheckpointIndex): Promise<void> {
  await writeFileAtomic(indexFile(run), `${JSON.stringify(index, null, 2)}\n`)
  // Only what this module makes: a folder that someone else put there is none of ours.
  const named = [index.latest, index.best, ...(index.earlier ?? [])]
  const unnamed = (name: string) => /^step-\d+(-2)?(\.tmp)?$/.test(name) && !named.includes(name)
  for (const other of await listNames(folderOf(run)))
    if (unnamed(other) || /^index\.json\.[\w-]+\.tmp$/.test(other)) await removeFolder(folderOf(run, other))
}

/** The step of a checkpoint by its name. */
export const stepOf = (name: string): number => Number(/^step-(\d+)/.exec(name)?.[1])

/**
 * Takes back the checkpoints from a step on, whose weights turned out to be spoilt, so that the one before is the latest
 * again; where there is none before, they stay. Gives the step of the latest, or undefined when there is none.
 */
export async function withdrawCheckpoints(run: string, from: number): Promise<number | undefined> {
  const index = await readCheckpointIndex(run)
  if (!index) return undefined
  const isGood = (name: string) => stepOf(name) < from
  const good = (index.earlier ?? []).filter(isGood)
  if (isGood(index.latest) || good.length === 0) return stepOf(index.latest)
  const best = index.best !== undefined && isGood(index.best) ? index.best : undefined
  await writeIndex(run, { latest: good[0], earlier: good.slice(1), best })
  return stepOf(good[0])
}

/**
 * Reads the latest checkpoint of a run, or the best.
 *
 * @throws HeedError `not-found` when there is none, `format` when a file is damaged
 */
export async function readCheckpoint(
  run: string,
  which: 'latest' | 'best' = 'latest',
): Promise<Checkpoint<Record<string, unknown>>> {
  const name = (await readCheckpointIndex(run))?.[which]
  if (!name) throw new HeedError('not-found', `${run}: no ${which} checkpoint; start the run without resume`)
  const folder = folderOf(run, name)
  const file = `${folder}/training.safetensors`
  return {
    model: await readModelFolder(folder),
    training: parseSafetensors(await readFile(file), file),
    state: parseRecord(await readText(`${folder}/state.json`), `${folder}/state.json`),
  }
}

/** Tensors as a safetensors file holds them, exactly; `prefix` goes before every name. */
export async function toSafeTensors(
  tensors: Record<string, Tensor>,
  prefix = '',
): Promise<Map<string, SafeTensor>> {
  const stored = new Map<string, SafeTensor>()
  for (const [name, t] of Object.entries(tensors)) {
    const data = await t.data()
    const dtype = data instanceof Float64Array ? 'F64' : data instanceof Int32Array ? 'I32' : 'F32'
    stored.set(prefix + name, safeTensor({ name: prefix + name, dtype, shape: t.shape, data }))
  }
  return stored
}

/**
 * Float tensors on a backend, exactly as they were stored.
 *
 * @throws HeedError `format` for a dtype that the backend does not compute with
 */
export function fromSafeTensors(
  stored: ReadonlyMap<string, SafeTensor>,
  backend: Backend = currentBackend(),
): Record<string, Tensor> {
  return scope(() => {
    const tensors: Record<string, Tensor> = {}
    for (const [name, { dtype: stored_, shape, bytes }] of stored) {
      const dtype = ({ F32: 'float32', F64: 'float64' } as const)[stored_ as string]
      if (!dtype || !backend.floats.includes(dtype))
        throw new HeedError(
          'format',
          `checkpoint: ${name} ${show(shape)} is ${stored_}; the ${backend.name} backend goes on from ${backend.floats.join(' or ')}`,
        )
      // A copy: the file's bytes may lie at any alignment.
      const { buffer } = bytes.slice()
      const data = dtype === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer)
      tensors[name] = tensor(data, shape, { dtype, backend })
    }
    return tensors
  })
}
