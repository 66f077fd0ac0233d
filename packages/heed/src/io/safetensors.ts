import { HeedError, HeedTypeError } from '../errors.js'
import { duplicateKey, isRecord, parseJson, quote } from '../json.js'
import { dtypeBytes, encode, type SafeDType, type SafeTensor, type TensorData } from './dtypes.js'
import type { OpenFile } from './files.js'
import { decodeUtf8 } from './text.js'

/*
 * A safetensors file is: the header's length N (u64, little-endian), N bytes of JSON
 *   {"__metadata__": {"key": "text"}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
 * and the tensors' bytes, which the offsets must cover without a hole or an overlap.
 */

/** The reference implementation's limit on the header. */
const MAX_HEADER = 100_000_000
const METADATA = '__metadata__'

/** The tensors of a file by name, in the order of their bytes, with the texts the file carries beside them. */
export type SafeTensors = Map<string, SafeTensor> & { metadata: Record<string, string> }

/** A tensor to write: `data` in `shape`, stored as `dtype`. See {@link writeSafetensors}. */
export interface TensorToWrite {
  name: string
  dtype: SafeDType
  shape: readonly number[]
  data: TensorData
}

/**
 * Reads a safetensors file without copying its tensors: each `bytes` is a view into `bytes`. Nothing in the file
 * is trusted.
 *
 * @param name what errors call the file
 * @throws `format` on the first thing that is wrong, with what was expected and what was found
 */
export function parseSafetensors(bytes: Uint8Array, name: string): SafeTensors {
  const end = headerEnd(bytes, bytes.length, name)
  const data = bytes.subarray(end)
  // A copy: TextDecoder refuses shared memory.
  const { entries, metadata } = parseHeader(bytes.slice(8, end), data.length, name)
  const tensors = new Map<string, SafeTensor>()
  for (const { key, dtype, shape, start, end } of entries)
    tensors.set(key, { dtype, shape, bytes: data.subarray(start, end) })
  return Object.assign(tensors, { metadata })
}

/** A tensor whose bytes are still in their file. */
export interface StoredTensor {
  readonly dtype: SafeDType
  readonly shape: number[]
  readonly file: OpenFile
  /** Where its bytes start in the file. */
  readonly start: number
  /** Where they end. */
  readonly end: number
}

/** Reads only the header of a safetensors file, with all checks of {@link parseSafetensors}. */
export async function openSafetensors(file: OpenFile, name: string): Promise<Map<string, StoredTensor>> {
  const first = new Uint8Array(Math.min(8, file.size))
  await file.read(0, first)
  const origin = headerEnd(first, file.size, name)
  const header = new Uint8Array(origin - 8)
  await file.read(8, header)
  const { entries } = parseHeader(header, file.size - origin, name)
  const tensors = new Map<string, StoredTensor>()
  for (const { key, dtype, shape, start, end } of entries)
    tensors.set(key, { dtype, shape, file, start: origin + start, end: origin + end })
  return tensors
}

/** The tensors that a header names, in the order of their bytes, and its texts. */
function parseHeader(header: Uint8Array, dataLength: number, name: string) {
  if (header[0] !== 0x7b)
    throw new HeedError(
      'format',
      `${name}: the header does not start with "{"; this is not a safetensors file`,
    )
  const text = decodeUtf8(header, `${name}: header`)
  const json = parseJson(text, `${name}: header`)
  if (!isRecord(json)) throw new HeedError('format', `${name}: the header is not a JSON object`)
  const twice = duplicateKey(text)
  if (twice !== undefined)
    throw new HeedError('format', `${name}: the header holds the key ${quote(twice)} twice`)

  const metadata = readMetadata(json[METADATA], name)
  const entries = Object.entries(json)
    .filter(([key]) => key !== METADATA)
    .map(([key, info]) => readEntry(key, info, name))
    .sort((a, b) => a.start - b.start || a.end - b.end)

  let covered = 0
  for (const { key, start, end } of entries) {
    const what = `${name}: tensor ${quote(key)}`
    if (end > dataLength)
      throw new HeedError(
        'format',
        `${what} ends at byte ${end} of the data, which has ${dataLength}; the file is cut short, get it again`,
      )
    if (start !== covered)
      throw new HeedError(
        'format',
        `${what} starts at byte ${start} of the data, expected ${covered}: ` +
          (start < covered ? 'it overlaps the tensor before' : 'a hole that no tensor names'),
      )
    covered = end
  }
  if (covered !== dataLength)
    throw new HeedError(
      'format',
      `${name}: the tensors end at byte ${covered} of the data, which has ${dataLength}`,
    )
  return { entries, metadata }
}

/** Where the header of a file of `size` bytes that starts with `first` ends. */
function headerEnd(first: Uint8Array, size: number, name: string): number {
  if (size < 8)
    throw new HeedError('format', `${name}: ${size} bytes, a safetensors file has at least 10; get it again`)
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true)
  if (length > MAX_HEADER) {
    const pointer = String.fromCharCode(...first.subarray(0, 8)) === 'version '
    throw new HeedError(
      'format',
      pointer
        ? `${name}: a Git LFS pointer, not the file itself; fetch it with "git lfs pull"`
        : `${name}: header of ${length} bytes, the most is ${MAX_HEADER}; this is not a safetensors file`,
    )
  }
  if (length > size - 8)
    throw new HeedError(
      'format',
      `${name}: header of ${length} bytes, but the file has ${size - 8} after its length; it is cut short`,
    )
  return 8 + Number(length)
}

function readMetadata(value: unknown, name: string): Record<string, string> {
  if (value === undefined) return {}
  if (!isRecord(value))
    throw new HeedError('format', `${name}: ${METADATA} is ${quote(value)}, expected an object`)
  for (const [key, text] of Object.entries(value))
    if (typeof text !== 'string')
      throw new HeedError('format', `${name}: ${METADATA} ${quote(key)} is ${quote(text)}, expected a text`)
  return value as Record<string, string>
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isDType = (value: unknown): value is SafeDType =>
  typeof value === 'string' && Object.hasOwn(dtypeBytes, value)

/** A header entry whose fields are right by themselves; only the other entries and the file can prove it wrong. */
function readEntry(key: string, info: unknown, name: string) {
  const wrong = (what: string) => new HeedError('format', `${name}: tensor ${quote(key)}: ${what}`)
  if (!isRecord(info)) throw wrong(`its entry is ${quote(info)}, expected an object`)
  const { dtype, shape, data_offsets: offsets } = info
  if (!isDType(dtype))
    throw wrong(`dtype ${quote(dtype)}, expected one of ${Object.keys(dtypeBytes).join(' ')}`)
  if (!Array.isArray(shape) || !shape.every(isSize))
    throw wrong(`shape ${quote(shape)}, expected a list of whole numbers from 0 up`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize) || offsets[0] > offsets[1])
    throw wrong(`data_offsets ${quote(offsets)}, expected [start, end] with 0 ≤ start ≤ end`)
  const [start, end] = offsets
  const needed = byteLength(dtype, shape)
  if (needed === undefined) throw wrong(`shape ${quote(shape)} is larger than any file`)
  if (needed !== end - start)
    throw wrong(
      `${dtype} ${quote(shape)} needs ${needed} bytes, data_offsets ${quote(offsets)} hold ${end - start}`,
    )
  return { key, dtype, shape, start, end }
}

/** Bytes of a tensor, or undefined beyond the safe integers. */
function byteLength(dtype: SafeDType, shape: readonly number[]): number | undefined {
  let total: number = dtypeBytes[dtype]
  for (const size of shape) {
    total *= size
    if (!Number.isSafeInteger(total)) return undefined
  }
  return total
}

/**
 * The bytes of a safetensors file, laid out as the reference implementation does: widest dtype first (so that
 * each tensor is aligned, which PyTorch needs), then by name, the header padded with spaces to 8 bytes.
 *
 * F32, F16 and BF16 are written from a Float32Array (rounded to nearest, ties to even), F64 from a Float64Array, I32
 * from an Int32Array; a Uint8Array holds the little-endian bytes of any dtype.
 *
 * @param metadata texts to keep beside the tensors; transformers wants `{ format: 'pt' }`
 * @throws `shape` or `dtype` when `data` does not fit; `option` for a name that is taken twice or not valid; `input`
 *   for a finite number beyond F16 or BF16
 */
export function writeSafetensors(
  tensors: Iterable<TensorToWrite>,
  metadata: Record<string, string> = {},
): Uint8Array {
  const { header, order, dataLength } = layOut(tensors, metadata)
  for (const tensor of order) checkData(tensor)
  const out = new Uint8Array(header.length + dataLength)
  out.set(header)
  let at = header.length
  for (const { name, dtype, data } of order) {
    const bytes = encode(data, dtype, quote(name))
    out.set(bytes, at)
    at += bytes.length
  }
  return out
}

/**
 * The header of the file that {@link writeSafetensors} makes of such tensors, and the order in which their bytes follow
 * it: for a file that is written tensor by tensor.
 *
 * @throws as {@link writeSafetensors} does for names, dtypes and shapes
 */
export function layOut<T extends Omit<TensorToWrite, 'data'>>(
  tensors: Iterable<T>,
  metadata: Record<string, string> = {},
): { header: Uint8Array; order: T[]; dataLength: number } {
  const widths = Object.keys(dtypeBytes)
  const order = [...tensors].sort(
    (a, b) =>
      widths.indexOf(b.dtype) - widths.indexOf(a.dtype) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  )
  // Text, not an object: an object would move names like "0" to the front and lose "__proto__".
  const fields: string[] = []
  if (Object.keys(metadata).length > 0)
    fields.push(`"${METADATA}":${JSON.stringify(checkedMetadata(metadata))}`)
  const seen = new Set<string>()
  let dataLength = 0
  for (const { name, dtype, shape } of order) {
    checkName(name, seen)
    const start = dataLength
    dataLength += checkedLength(name, dtype, shape)
    fields.push(
      `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [start, dataLength] })}`,
    )
  }
  const text = new TextEncoder().encode(`{${fields.join(',')}}`)
  const length = Math.ceil(text.length / 8) * 8
  if (length > MAX_HEADER)
    throw new HeedError('input', `header of ${length} bytes, the most is ${MAX_HEADER}; shorten the metadata`)
  const header = new Uint8Array(8 + length)
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true)
  header.fill(0x20, 8).set(text, 8)
  return { header, order, dataLength }
}

/**
 * A tensor for `writeModelFolder`: `data` in `shape`, as `dtype`. Its bytes are a view into `data` where nothing
 * needs converting. Takes the same pairs of data and dtype as {@link writeSafetensors}, and throws the same.
 */
export function safeTensor({ name, dtype, shape, data }: TensorToWrite): SafeTensor {
  checkData({ name, dtype, shape, data })
  return { dtype, shape: [...shape], bytes: encode(data, dtype, quote(name)) }
}

function checkName(name: string, seen: Set<string>): void {
  if (name === METADATA || /\p{Surrogate}/u.test(name))
    throw new HeedTypeError('option', `${quote(name)} cannot name a tensor`)
  if (seen.has(name))
    throw new HeedTypeError('option', `two tensors are named ${quote(name)}; names are unique`)
  seen.add(name)
}

function checkedMetadata(metadata: Record<string, string>): Record<string, string> {
  for (const [key, text] of Object.entries(metadata))
    if (typeof text !== 'string')
      throw new HeedTypeError('option', `metadata ${quote(key)} is ${quote(text)}; only texts can be stored`)
  return metadata
}

/** Bytes of a tensor. */
function checkedLength(name: string, dtype: SafeDType, shape: readonly number[]): number {
  if (!isDType(dtype))
    throw new HeedTypeError('dtype', `tensor ${quote(name)}: unknown dtype ${quote(dtype)}`)
  const length = shape.every(isSize) ? byteLength(dtype, shape) : undefined
  if (length === undefined)
    throw new HeedTypeError(
      'shape',
      `tensor ${quote(name)}: shape ${quote(shape)} as ${dtype} does not fit any data`,
    )
  return length
}

function checkData({ name, dtype, shape, data }: TensorToWrite): void {
  const needed = checkedLength(name, dtype, shape)
  // A Uint8Array counts bytes, the others elements.
  const given = data instanceof Uint8Array ? data.length : data.length * dtypeBytes[dtype]
  if (needed !== given)
    throw new HeedTypeError(
      'shape',
      `tensor ${quote(name)}: shape ${quote(shape)} as ${dtype} does not fit data of ${data.length} elements`,
    )
}
