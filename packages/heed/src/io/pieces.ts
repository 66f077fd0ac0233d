import { throwIfAborted } from '../errors.js'
import { dtypeBytes } from './dtypes.js'
import type { OpenFile } from './files.js'
import type { StoredTensor } from './safetensors.js'

/** One read asks for this many bytes: enough that the disk is the limit, and little beside a model. */
const PIECE = 2 ** 20

/** Some whole elements of a stored tensor, in order. */
export interface Piece {
  readonly name: string
  readonly tensor: StoredTensor
  /** Which element of the tensor is the first here. */
  readonly first: number
  /** Elements. */
  readonly length: number
  /** Their bytes; overwritten when the next piece is asked for. */
  readonly bytes: Uint8Array
}

/**
 * Reads tensors in the order of their bytes, through one buffer of 1 MB: small ones share a read, large ones take
 * several.
 *
 * @throws `format` where a file ends early; `aborted`
 */
export async function* readPieces(
  tensors: Iterable<readonly [string, StoredTensor]>,
  signal?: AbortSignal,
): AsyncGenerator<Piece> {
  const byFile = new Map<OpenFile, [string, StoredTensor][]>()
  for (const [name, tensor] of tensors) {
    const others = byFile.get(tensor.file)
    if (others) others.push([name, tensor])
    else byFile.set(tensor.file, [[name, tensor]])
  }
  const buffer = new Uint8Array(PIECE)
  for (const [file, inFile] of byFile) {
    inFile.sort(([, a], [, b]) => a.start - b.start)
    // What the buffer holds, as places in the file.
    let [from, to] = [0, 0]
    for (const [name, tensor] of inFile) {
      const size = dtypeBytes[tensor.dtype]
      for (let at = tensor.start; at < tensor.end;) {
        if (to - at < size) {
          throwIfAborted(signal)
          from = at
          to = Math.min(at + PIECE, file.size)
          await file.read(from, buffer.subarray(0, to - from))
        }
        const length = Math.floor((Math.min(tensor.end, to) - at) / size)
        const bytes = buffer.subarray(at - from, at - from + length * size)
        yield { name, tensor, first: (at - tensor.start) / size, length, bytes }
        at += bytes.length
      }
    }
  }
}
