import { HeedTypeError } from '../errors.js'

/**
 * A NumPy file (.npy, format 1.0) of float32 in row-major order: `numpy.load` opens it.
 *
 * @throws HeedTypeError `shape` when the data does not fill the shape
 */
export function writeNpy(data: Float32Array, shape: readonly number[]): Uint8Array {
  const size = shape.reduce((n, d) => n * d, 1)
  if (data.length !== size)
    throw new HeedTypeError('shape', `writeNpy: ${data.length} numbers do not fill [${shape.join(', ')}]`)
  const tuple = `(${shape.map((d) => `${d},`).join(' ')})`
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`
  // Magic, version and length are 10 bytes; the data begins at a multiple of 64.
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`
  const bytes = new Uint8Array(10 + padded.length + 4 * size)
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, padded.length & 255, padded.length >> 8])
  bytes.set(new TextEncoder().encode(padded), 10)
  const view = new DataView(bytes.buffer, 10 + padded.length)
  data.forEach((x, i) => view.setFloat32(4 * i, x, true))
  return bytes
}
