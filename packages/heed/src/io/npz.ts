import { zipSync, type Zippable } from 'fflate'
import { HeedTypeError } from '../errors.js'
import { writeNpy } from './npy.js'

/** An array for a NumPy file: float32 in row-major order. */
export interface NpyArray {
  shape: readonly number[]
  data: Float32Array
}

/** A zip file without its 64-bit extension is shorter than this. */
const MOST = 2 ** 32 - 1

/**
 * A NumPy archive (.npz) of float32 arrays by name: `numpy.load(file)['name']` opens it. The same arrays give the same
 * bytes.
 *
 * @param options.compressed deflates, as `numpy.savez_compressed` does. Default false, as `numpy.savez`: weights hardly
 *   shrink.
 * @throws HeedTypeError `shape` when data does not fill its shape, `input` for a name that is empty or holds a slash,
 *   or for more than 4 GB
 */
export function writeNpz(
  arrays: Readonly<Record<string, NpyArray>>,
  { compressed = false }: { compressed?: boolean } = {},
): Uint8Array {
  const entries = Object.entries(arrays)
  const bad = entries.find(([name]) => name === '' || /[/\\\0]/.test(name))
  if (bad)
    throw new HeedTypeError('input', `writeNpz: ${JSON.stringify(bad[0])} names no array; leave slashes out`)
  // Per file two headers, which hold the name twice.
  const size = entries.reduce((sum, [name, { data }]) => sum + 4 * data.length + 300 + 8 * name.length, 0)
  if (size > MOST)
    throw new HeedTypeError('input', `writeNpz: ${size} bytes, and the format takes 4 GB; write fewer arrays`)
  const files: Zippable = Object.create(null) as Zippable
  for (const [name, { data, shape }] of entries) files[`${name}.npy`] = writeNpy(data, shape)
  // 1980 is the first year that a zip file knows, and no clock gets into the bytes.
  return zipSync(files, { level: compressed ? 6 : 0, mtime: '1980-01-01T12:00:00' })
}
