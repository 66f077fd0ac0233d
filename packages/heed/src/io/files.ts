import { HeedError, type ErrorCode } from '../errors.js'
import { quote } from '../json.js'
import { decodeUtf8 } from './text.js'

/*
 * The only file of the library that touches the disk. Node's modules are asked for at the call, so that bundlers and
 * browsers never meet an import of `node:fs`; the types name just what is used, since the library builds without
 * Node's.
 */

/** What a file is written from; pieces are asked for one after another. */
export type FileContent = Uint8Array | string | AsyncIterable<Uint8Array>

interface FileHandle {
  stat(): Promise<{ size: number }>
  read(
    into: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ bytesRead: number }>
  readFile(): Promise<Uint8Array>
  write(from: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>
  writeFile(content: FileContent): Promise<void>
  truncate(length: number): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

interface FileSystem {
  open(path: string, flags: 'r' | 'r+' | 'wx'): Promise<FileHandle>
  stat(path: string): Promise<{ isDirectory(): boolean; isFile(): boolean; size: number; mtimeMs: number }>
  statfs(path: string): Promise<{ bavail: number; bsize: number }>
  utimes(path: string, accessed: number, modified: number): Promise<void>
  symlink(target: string, path: string): Promise<void>
  realpath(path: string): Promise<string>
  readdir(path: string): Promise<string[]>
  rename(from: string, to: string): Promise<void>
  rm(path: string, options: { recursive?: true; force: true }): Promise<void>
  appendFile(path: string, text: string): Promise<void>
  mkdir(path: string, options: { recursive: true }): Promise<unknown>
}

/** One of Node's own modules, where there is Node. */
export function builtin(id: string): unknown {
  const { process } = globalThis as { process?: { getBuiltinModule?(id: string): unknown } }
  return process?.getBuiltinModule?.(id)
}

/** Whether there is a disk: in Node, and not in a browser. */
export const hasDisk = (): boolean => builtin('node:fs/promises') !== undefined

function fileSystem(path: string): FileSystem {
  const fs = builtin('node:fs/promises')
  if (!fs)
    throw new HeedError(
      'unsupported',
      `${shown(path)}: files need Node 20.16 or later; in a browser, fetch the bytes and parse those`,
    )
  return fs as FileSystem
}

type Action = 'read' | 'write' | 'list' | 'make' | 'look at'

async function attempt<T>(action: Action, path: string, work: (fs: FileSystem) => Promise<T>): Promise<T> {
  const fs = fileSystem(path)
  try {
    return await work(fs)
  } catch (cause) {
    throw explain(action, path, cause)
  }
}

const reasons: Record<string, [ErrorCode, string]> = {
  ENOTDIR: ['not-found', 'a part of the path is a file, not a folder; check the path'],
  EISDIR: ['input', 'is a folder; name a file'],
  EEXIST: ['input', 'is a file already; name another folder'],
  EACCES: ['input', 'permission denied; check the rights of the file and its folder'],
  EPERM: ['input', 'permission denied; check the rights of the file and its folder'],
  EROFS: ['input', 'the disk is read-only; choose another place'],
  ENOSPC: ['input', 'the disk is full; free some space and try again'],
  EMFILE: ['input', 'too many files are open; close some and try again'],
}

function explain(action: Action, path: string, cause: unknown): HeedError {
  if (cause instanceof HeedError) return cause
  if (cause instanceof RangeError)
    return new HeedError('memory', `${shown(path)}: too large for memory: ${cause.message}`, { cause })
  const { code, message } = cause as { code?: string; message?: string }
  const missing =
    action === 'write' ? 'its folder does not exist; make it first' : 'does not exist; check the path'
  const [heedCode, reason] =
    code === 'ENOENT'
      ? (['not-found', missing] as const)
      : (reasons[code ?? ''] ?? (['input', `cannot ${action} it: ${quote(message)}`] as const))
  return new HeedError(heedCode, `${shown(path)}: ${reason}`, { cause })
}

/** A path as errors show it: as it is, unless that would hide it or break the line. */
const shown = (path: string): string => (path === '' || /\p{C}/u.test(path) ? quote(path) : path)

/** One read asks for no more than this: Node takes lengths below 2 GB. */
const CHUNK = 2 ** 30

/**
 * The bytes of a file of any size that memory can hold.
 *
 * @throws `not-found`, `input` (a folder, no permission), `memory`, or `unsupported` in browsers
 */
export function readFile(path: string): Promise<Uint8Array> {
  return attempt('read', path, async (fs) => {
    const file = await fs.open(path, 'r')
    try {
      const { size } = await file.stat()
      // Pipes and devices say 0: read them until they end.
      if (size === 0) return new Uint8Array(await file.readFile())
      const bytes = new Uint8Array(size)
      let filled = 0
      while (filled < size) {
        const { bytesRead } = await file.read(bytes, filled, Math.min(size - filled, CHUNK), null)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return bytes.subarray(0, filled)
    } finally {
      await file.close()
    }
  })
}

/**
 * A UTF-8 text file; a byte order mark at the start is dropped.
 *
 * @throws `format` with the byte offset where the file is not UTF-8, and all that `readFile` throws
 */
export async function readText(path: string): Promise<string> {
  return decodeUtf8(await readFile(path), shown(path))
}

/** A file that is read in pieces, each from where it lies. */
export interface OpenFile {
  readonly size: number
  /** Fills all of `into` from byte `position` on. */
  read(position: number, into: Uint8Array): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a file to be read in pieces.
 *
 * @throws what `readFile` throws; `read` throws `format` where the file ends early
 */
export function openFile(path: string): Promise<OpenFile> {
  return attempt('read', path, async (fs) => {
    const file = await fs.open(path, 'r')
    const { size } = await file.stat()
    return {
      size,
      read: (position, into) =>
        attempt('read', path, async () => {
          for (let filled = 0; filled < into.length;) {
            const length = Math.min(into.length - filled, CHUNK)
            const { bytesRead } = await file.read(into, filled, length, position + filled)
            if (bytesRead === 0)
              throw new HeedError(
                'format',
                `${shown(path)}: ends at byte ${position + filled}, before byte ${position + into.length} that was asked for; get it again`,
              )
            filled += bytesRead
          }
        }),
      close: () => file.close(),
    }
  })
}

/** A file that is written in pieces, each where it belongs. */
export interface FileWriter {
  write(position: number, bytes: Uint8Array): Promise<void>
  /** Cuts the file to so many bytes. */
  truncate(length: number): Promise<void>
  /** Flushes it to the disk. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** Opens a file to be written in pieces: a new one, or one that is there (`'r+'`), whose bytes stay. */
export function openWriter(path: string, flags: 'wx' | 'r+'): Promise<FileWriter> {
  return attempt('write', path, async (fs) => {
    const file = await fs.open(path, flags)
    return {
      write: (position, bytes) =>
        attempt('write', path, async () => {
          for (let done = 0; done < bytes.length;)
            done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten
        }),
      truncate: (length) => attempt('write', path, () => file.truncate(length)),
      sync: () => attempt('write', path, () => file.sync()),
      close: () => file.close(),
    }
  })
}

/** A file whose content is safe on the disk under a temporary name, and not yet in its place. */
export interface StagedFile {
  /** Puts it in its place, at once for whoever looks; on failure the temporary file is removed. */
  commit(): Promise<void>
  /** Removes the temporary file; does nothing after `commit`. */
  discard(): Promise<void>
}

/**
 * Writes `content` to a temporary file beside `path` and flushes it to the disk, so that what is left to do, a rename,
 * can hardly fail. A link stays a link: the file it names is replaced.
 *
 * @throws `not-found`, `input` (no permission, no space, a device), or `unsupported` in browsers; the
 *   temporary file is removed
 */
export async function stageFile(path: string, content: FileContent): Promise<StagedFile> {
  const fs = fileSystem(path)
  const place = await placeOf(path)
  const temporary = `${place}.${crypto.randomUUID()}.tmp`
  const remove = () => fs.rm(temporary, { force: true })
  const orRemove = (work: () => Promise<void>) =>
    attempt('write', path, async () => {
      try {
        await work()
      } catch (error) {
        await remove().catch(() => undefined) // the first error is the one to tell
        throw error
      }
    })
  await orRemove(async () => {
    const file = await fs.open(temporary, 'wx')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
  })
  return { commit: () => orRemove(() => fs.rename(temporary, place)), discard: remove }
}

/** Where the file at `path` really is. A rename over a device such as /dev/null would take the device away. */
function placeOf(path: string): Promise<string> {
  return attempt('write', path, async (fs) => {
    const kind = await kindOf(path)
    if (kind === 'device') throw new HeedError('input', `${shown(path)}: is a device; name a file`)
    return kind === 'nothing' ? path : fs.realpath(path)
  })
}

/**
 * Writes a file so that readers see the old one or the new one whole, never a part, also when the program dies.
 *
 * @throws what `stageFile` throws; nothing is left behind
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const staged = await stageFile(path, content)
  await staged.commit()
}

/** Whether there is a file or folder at `path`. */
export async function exists(path: string): Promise<boolean> {
  return (await kindOf(path)) !== 'nothing'
}

function kindOf(path: string): Promise<'folder' | 'file' | 'device' | 'nothing'> {
  return attempt('look at', path, async (fs) => {
    try {
      const found = await fs.stat(path)
      return found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'device'
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as { code: string }).code)) return 'nothing'
      throw error
    }
  })
}

/** The names in a folder, of every kind; none where there is no folder. */
export async function listNames(path: string): Promise<string[]> {
  return (await exists(path)) ? attempt('list', path, (fs) => fs.readdir(path)) : []
}

/** The names of the folders in a folder, links to folders included, sorted. */
export async function listFolders(path: string): Promise<string[]> {
  const names = await attempt('list', path, (fs) => fs.readdir(path))
  const kinds = await Promise.all(names.map((name) => kindOf(`${path}/${name}`)))
  return names.filter((_, i) => kinds[i] === 'folder').sort()
}

/** Makes a folder and those above it; one that is there already is fine. */
export async function makeFolder(path: string): Promise<void> {
  await attempt('make', path, (fs) => fs.mkdir(path, { recursive: true }))
}

/** Removes a file; one that is not there is fine. */
export async function removeFile(path: string): Promise<void> {
  await attempt('write', path, (fs) => fs.rm(path, { force: true }))
}

/** Bytes of a file. */
export const fileSize = (path: string): Promise<number> =>
  attempt('look at', path, async (fs) => (await fs.stat(path)).size)

/** Adds text to the end of a file, which is made when it is not there. */
export const appendText = (path: string, text: string): Promise<void> =>
  attempt('write', path, (fs) => fs.appendFile(path, text))

/** Renames a file or folder, at once for whoever looks; there must be none of the new name. */
export const rename = (from: string, to: string): Promise<void> =>
  attempt('write', from, (fs) => fs.rename(from, to))

/** Removes a folder and all in it; one that is not there is fine. */
export const removeFolder = (path: string): Promise<void> =>
  attempt('write', path, (fs) => fs.rm(path, { recursive: true, force: true }))

/** When a file was written last, in milliseconds since 1970. */
export const modifiedAt = (path: string): Promise<number> =>
  attempt('look at', path, async (fs) => (await fs.stat(path)).mtimeMs)

/** Sets when a file was written last. */
export const setModifiedAt = (path: string, milliseconds: number): Promise<void> =>
  attempt('write', path, (fs) => fs.utimes(path, milliseconds / 1000, milliseconds / 1000))

/** Bytes that may still be written to the disk of this folder. */
export const freeBytes = (path: string): Promise<number> =>
  attempt('look at', path, async (fs) => {
    const { bavail, bsize } = await fs.statfs(path)
    return bavail * bsize
  })

/**
 * Makes `path` show `file`, whose place is `target` as seen from the folder of `path`: by a link, or by moving it there
 * where the system has no links for this user. What was at `path` goes, at once for whoever looks.
 */
export async function linkFile(file: string, target: string, path: string): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`
  await attempt('write', path, async (fs) => {
    try {
      await fs.symlink(target, temporary)
    } catch (error) {
      const { code = '' } = error as { code?: string }
      if (!['EPERM', 'ENOSYS', 'ENOTSUP'].includes(code)) throw error
      return fs.rename(file, path)
    }
    return fs.rename(temporary, path)
  })
}
