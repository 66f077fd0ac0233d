import { HeedError } from '../errors.js'
import { exists, openFile, type OpenFile, readText } from './files.js'

/** Where the files of a model are: a folder on the disk, or a browser's cache. Names may have `/` in them. */
export interface Folder {
  /** What errors call it. */
  readonly path: string
  /** A UTF-8 text file; undefined where there is none of that name. */
  text(name: string): Promise<string | undefined>
  /** A file to be read in pieces; undefined where there is none of that name. */
  open(name: string): Promise<OpenFile | undefined>
}

/**
 * A folder on the disk.
 *
 * @throws `not-found` where there is none; `unsupported` in browsers
 */
export async function diskFolder(path: string): Promise<Folder> {
  if (!(await exists(path))) throw new HeedError('not-found', `${path}: no such folder; check the path`)
  const read = async <T>(name: string, how: (file: string) => Promise<T>): Promise<T | undefined> =>
    (await exists(`${path}/${name}`)) ? how(`${path}/${name}`) : undefined
  return { path, text: (name) => read(name, readText), open: (name) => read(name, openFile) }
}
