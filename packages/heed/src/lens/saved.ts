import type { Backend } from '../backends/backend.js'
import { currentBackend } from '../backends/current.js'
import { HeedError, HeedTypeError } from '../errors.js'
import type { SafeDType } from '../io/dtypes.js'
import { makeFolder, openFile, readText, removeFile, type StagedFile, stageFile } from '../io/files.js'
import { readPieces } from '../io/pieces.js'
import { layOut, openSafetensors, type StoredTensor } from '../io/safetensors.js'
import { isRecord, parseRecord, quote } from '../json.js'
import { attentionTile } from '../ops/attention-probe.js'
import type { AttentionOptions } from '../ops/attention-rules.js'
import { checkFloats, checkShapeIs } from '../ops/check.js'
import { type DType, isFloat, newArray } from '../tensor/dtype.js'
import { scope } from '../tensor/scope.js'
import { Tensor } from '../tensor/tensor.js'
import type { Token } from '../text/index.js'
import { Capture, type CapturedText, misfit } from './capture.js'
import type { KeptAttention } from './kept.js'

/*
 * A capture's folder:
 *   capture.safetensors   attentions/<site>/q, k, m, l, and where they are there v, out, weights, mask, bias, relative
 *                         (the table of a relative bias) and sink; activations/<name>
 *   capture.json          which sites and activations, in their order, the rules of each attention, text and tokens
 *
 * A folder with capture.json is whole: it goes first and comes last.
 */

const FORMAT = 'heed-capture'
const VERSION = 1
const [TENSORS, INDEX] = ['capture.safetensors', 'capture.json']
/** No model has as many; a number from outside that lists are made by has to end somewhere. */
const MOST_HEADS = 2 ** 16

const dtypes: Partial<Record<SafeDType, DType>> = { F32: 'float32', F64: 'float64', BOOL: 'bool' }
const safeDTypeOf = (dtype: DType) =>
  (Object.keys(dtypes) as SafeDType[]).find((safe) => dtypes[safe] === dtype)!

const attentionTensor = (site: string, part: string) => `attentions/${site}/${part}`
const activationTensor = (name: string) => `activations/${name}`

/**
 * Writes a capture to a folder, exactly: {@link openCapture} gives the same bits for every part of its maps, and
 * Python's safetensors opens its tensors. Tensors are read and written one by one, so that saving takes the memory of
 * the largest. The folder is made where there is none, a capture that it holds is replaced, and on failure nothing
 * half-written stays.
 *
 * @throws HeedError `input` when it cannot be written; `disposed` for a capture that was; `unsupported` in browsers
 */
export async function saveCapture(capture: Capture, folder: string): Promise<void> {
  const tensors = namedTensors(capture).map(([name, t]) => ({
    name,
    dtype: safeDTypeOf(t.dtype),
    shape: t.shape,
    t,
  }))
  const { header, order } = layOut(tensors, { format: FORMAT })
  async function* file() {
    yield header
    for (const { t } of order) {
      const { buffer } = await t.data()
      yield new Uint8Array(buffer)
    }
  }
  await makeFolder(folder)
  const staged: StagedFile[] = []
  try {
    staged.push(await stageFile(`${folder}/${TENSORS}`, file()))
    staged.push(await stageFile(`${folder}/${INDEX}`, `${JSON.stringify(indexOf(capture), null, 2)}\n`))
    await removeFile(`${folder}/${INDEX}`)
    for (const one of staged) await one.commit()
  } catch (error) {
    await Promise.allSettled(staged.map((one) => one.discard()))
    throw error
  }
}

/**
 * Opens a folder that {@link saveCapture} wrote. Nothing in it is trusted: tensors must be there, have the shapes and
 * dtypes that they have in a capture and fit one another and the tokens of the text, rules must be such as an attention takes, spans of tokens must
 * lie in their text. The caller disposes the capture.
 *
 * @param backend where its tensors will live; default the one chosen by `useBackend`
 * @throws HeedError `not-found` where there is no capture; `format` for one that is damaged; `unsupported` for a later
 *   format, or for float64 where the backend has none; `memory` when it does not fit
 */
export async function openCapture(
  folder: string,
  { backend = currentBackend() }: { backend?: Backend } = {},
): Promise<Capture> {
  const [indexFile, tensorFile] = [`${folder}/${INDEX}`, `${folder}/${TENSORS}`]
  const index = parseRecord(await readText(indexFile), indexFile)
  if (index.format !== FORMAT) throw damaged(indexFile, `format is ${quote(index.format)}, not '${FORMAT}'`)
  if (index.version !== VERSION)
    throw new HeedError(
      'unsupported',
      `${indexFile}: version ${quote(index.version)} of the format, this heed reads version ${VERSION}; open it with the heed that wrote it`,
    )
  const tensors = await readTensors(tensorFile, backend)
  try {
    const capture = captureOf(index, indexFile, tensors)
    if (tensors.size > 0)
      throw damaged(tensorFile, `holds ${quote([...tensors.keys()][0])}, which ${INDEX} does not name`)
    return capture
  } catch (error) {
    for (const t of tensors.all) t.dispose()
    throw error
  }
}

function namedTensors({ attentions, activations }: Capture): [name: string, t: Tensor][] {
  const all: [string, Tensor][] = []
  for (const [site, { q, k, m, l, v, out, weights, options }] of attentions) {
    const { mask, bias, sink } = options
    const given = bias && 'relative' in bias ? { relative: bias.relative } : { bias }
    for (const [part, t] of Object.entries({ q, k, m, l, v, out, weights, mask, sink, ...given }))
      if (t) all.push([attentionTensor(site, part), t])
  }
  for (const [name, t] of activations) all.push([activationTensor(name), t])
  return all
}

function indexOf({ heads, of, attentions, activations }: Capture) {
  return {
    format: FORMAT,
    version: VERSION,
    heads,
    of,
    attentions: [...attentions].map(([site, { options }]) => ({ site, options: rulesOf(options) })),
    activations: [...activations.keys()],
  }
}

/** Options without their tensors, as JSON has them: an open side of a window becomes null. */
function rulesOf({ scale, causal, window, lengths, softcap, bias }: AttentionOptions) {
  const offset = typeof causal === 'object' ? causal.offset : undefined
  const relative = bias && 'relative' in bias ? { ...bias, relative: undefined } : undefined
  return {
    scale,
    causal: typeof offset === 'object' ? { offset: Array.from(offset) } : causal,
    window,
    lengths: lengths && Array.from(lengths),
    softcap,
    bias: relative,
  }
}

/** What a file holds, by name until it is asked for, and all of it to be disposed. */
type Tensors = Map<string, Tensor> & { all: readonly Tensor[] }

/** All memory is had before the first tensor is read. */
async function readTensors(path: string, backend: Backend): Promise<Tensors> {
  const file = await openFile(path)
  const tensors = new Map<string, Tensor>()
  try {
    const stored = await openSafetensors(file, path)
    for (const [name, { dtype, shape }] of stored)
      tensors.set(name, Tensor.empty(backend, dtypeOf(path, name, dtype, backend), shape).keep())
    for await (const { name, first, bytes } of readPieces(stored)) {
      const { storage, dtype } = tensors.get(name)!
      if (dtype === 'bool' && bytes.some((byte) => byte > 1))
        throw damaged(path, `tensor ${quote(name)} holds bytes that are neither 0 nor 1`)
      // A copy: the bytes may lie at any alignment.
      const values = newArray(dtype, bytes.length / newArray(dtype, 0).BYTES_PER_ELEMENT)
      new Uint8Array(values.buffer).set(bytes)
      backend.write(storage, first, values)
    }
    return Object.assign(tensors, { all: [...tensors.values()] })
  } catch (error) {
    for (const t of tensors.values()) t.dispose()
    throw error
  } finally {
    await file.close()
  }
}

function dtypeOf(path: string, name: string, stored: StoredTensor['dtype'], backend: Backend): DType {
  const dtype = dtypes[stored]
  if (!dtype)
    throw damaged(path, `tensor ${quote(name)} is ${stored}, expected ${Object.keys(dtypes).join(', ')}`)
  if (isFloat(dtype) && !backend.floats.includes(dtype))
    throw new HeedError(
      'unsupported',
      `${path}: tensor ${quote(name)} is ${stored}, and the ${backend.name} backend computes with ${backend.floats.join(' or ')}; open it on the reference backend`,
    )
  return dtype
}

/** Takes the tensors that the index names out of `tensors`. */
function captureOf(index: Record<string, unknown>, file: string, tensors: Map<string, Tensor>): Capture {
  const { heads, of, attentions: listed, activations: names } = index
  if (!(Number.isInteger(heads) && (heads as number) >= 1 && (heads as number) <= MOST_HEADS))
    throw damaged(file, `heads is ${quote(heads)}, expected a number from 1 to ${MOST_HEADS}`)
  const take = (name: string): Tensor | undefined => {
    const t = tensors.get(name)
    tensors.delete(name)
    return t
  }
  const attentions = new Map<string, KeptAttention>()
  for (const entry of list(listed, `${file}: attentions`)) {
    if (!isRecord(entry) || typeof entry.site !== 'string' || !isRecord(entry.options))
      throw damaged(file, `attentions holds ${quote(entry)}, expected { site, options }`)
    const { site, options } = entry
    const part = (name: string) => take(attentionTensor(site, name))
    attentions.set(site, checkedAttention(site, options, part, heads as number, file))
  }
  const activations = new Map<string, Tensor>()
  for (const name of list(names, `${file}: activations`)) {
    const t = typeof name === 'string' ? take(activationTensor(name)) : undefined
    if (!t || !isFloat(t.dtype)) throw damaged(file, `there are no numbers of the activation ${quote(name)}`)
    activations.set(name as string, t)
  }
  const text = of === undefined ? of : textOf(of, `${file}: of`)
  for (const kept of text ? attentions.values() : []) {
    const wrong = misfit(text!, kept)
    if (wrong) throw damaged(`${file}: of`, wrong)
  }
  return new Capture(heads as number, attentions, activations, text)
}

/** An attention whose tensors and rules fit one another, as the ops that will be asked for its map see it. */
function checkedAttention(
  site: string,
  rules: Record<string, unknown>,
  part: (name: string) => Tensor | undefined,
  heads: number,
  file: string,
): KeptAttention {
  const where = `${file}: attention ${quote(site)}`
  const need = (name: string) => {
    const t = part(name)
    if (t && t.size > 0) return t
    throw damaged(where, t ? `its ${name} is empty` : `its ${name} is not in ${TENSORS}, or named twice`)
  }
  const [q, k, m, l] = ['q', 'k', 'm', 'l'].map(need)
  const [v, out, weights, mask, sink] = ['v', 'out', 'weights', 'mask', 'sink'].map(part)
  const options = { ...optionsOf(rules, part), ...(mask && { mask }), ...(sink && { sink }) }
  try {
    scope(() => void attentionTile({ q, k, m, l, options, head: 0, rows: [0, 0], cols: [0, 0] }))
    const [[B, Tq, H], [, Tk, Hkv]] = [q.shape, k.shape]
    const others = Object.entries({ v, out, weights }).filter((pair): pair is [string, Tensor] => !!pair[1])
    checkFloats('capture', { q, ...Object.fromEntries(others) })
    const shapes = { v: [B, Tk, Hkv, -1], out: [B, Tq, H, v?.shape[3] ?? -1], weights: [B, H, Tq, Tk] }
    for (const [name, t] of others) checkShapeIs('capture', name, t, shapes[name as keyof typeof shapes])
  } catch (error) {
    throw error instanceof HeedTypeError || error instanceof RangeError
      ? damaged(where, error.message)
      : error
  }
  if (q.shape[2] !== heads) throw damaged(where, `its q has ${q.shape[2]} heads, the capture ${heads}`)
  const kept = { site, q, k, m, l, options }
  return { ...kept, ...(v && { v }), ...(out && { out }), ...(weights && { weights }) }
}

/** Rules as they were before {@link rulesOf}; whether they are such as an attention takes is checked with its tensors. */
function optionsOf(
  rules: Record<string, unknown>,
  part: (name: string) => Tensor | undefined,
): AttentionOptions {
  const { window, bias } = rules
  const relative = part('relative')
  const dense = relative ? undefined : part('bias')
  return {
    ...rules,
    ...(Array.isArray(window) && { window: window.map((side: unknown) => side ?? Infinity) }),
    ...(dense && { bias: dense }),
    ...(relative && { bias: { ...(isRecord(bias) && bias), relative } }),
  } as AttentionOptions
}

function textOf(of: unknown, where: string): CapturedText {
  if (!isRecord(of) || typeof of.text !== 'string' || !isRecord(of.tokens))
    throw damaged(where, `${quote(of)}, expected { text, output, tokens }`)
  const { text, output, tokens } = of
  if (typeof output !== 'string' && output !== null)
    throw damaged(where, `output is ${quote(output)}, expected a text or null`)
  const source = tokensOf(tokens.source, text, `${where}: tokens.source`)
  if (tokens.target === undefined) return { text, output, tokens: { source } }
  return {
    text,
    output,
    tokens: { source, target: tokensOf(tokens.target, output ?? '', `${where}: tokens.target`) },
  }
}

const tokensOf = (tokens: unknown, text: string, where: string): Token[] =>
  list(tokens, where).map((token, n) => {
    const { id, text: piece, start, end } = isRecord(token) ? token : {}
    const whole = [id, start, end].every((x) => Number.isSafeInteger(x) && (x as number) >= 0)
    if (!whole || typeof piece !== 'string' || start! > end! || (end as number) > text.length)
      throw damaged(
        where,
        `token ${n} is ${quote(piece)}, ${quote(id)}, [${quote(start)}, ${quote(end)}); expected a text, an id and a span within 0 to ${text.length}`,
      )
    return { id, text: piece, start, end } as Token
  })

function list(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value
  throw damaged(where, `${quote(value)}, expected a list`)
}

const damaged = (where: string, what: string) => new HeedError('format', `${where}: ${what}`)
