import { HeedError, throwIfAborted } from '../../errors.js'
import {
  builtin,
  exists,
  fileSize,
  listNames,
  modifiedAt,
  openFile,
  openWriter,
  removeFile,
  rename,
  setModifiedAt,
} from '../files.js'
import { host, isAlive, processId } from '../process.js'
import { type Hub, PATIENCE } from './client.js'
import { isSha1, quoted, type RemoteFile } from './repository.js'

/*
 * A file comes into `<blobs>/<oid>.<owner>.incomplete`, a name of this download alone, and takes its place as
 * `<blobs>/<oid>` by a rename, once its checksum is right. So readers never see a part, and two processes at most do the
 * work twice. A part whose process is gone, or which nobody has written to for a while, belongs to nobody: whoever
 * renames it to a name of their own goes on with it.
 */

/** Who writes loses the connection sooner than a part counts as abandoned. */
const ABANDONED_AFTER = 2 * PATIENCE
/** The same where the process lives: it may have been suspended, or its number belongs to another one by now. */
const ABANDONED_WHILE_ALIVE_AFTER = 24 * 3600 * 1000
/** Requests in a row that bring nothing new. */
const ATTEMPTS = 4
/** Requests for one file, however little each brings. */
const MOST_REQUESTS = 256

/** What is known of a file before it is downloaded. */
export type Known = Required<RemoteFile>

interface Hasher {
  update(bytes: Uint8Array | string): Hasher
  digest(encoding: 'hex'): string
}

/** As the hub names blobs: SHA-256 of the bytes, or git's SHA-1, which counts a header in. */
function hasherOf({ oid, size }: Known): Hasher {
  const { createHash } = builtin('node:crypto') as { createHash(name: string): Hasher }
  return isSha1(oid) ? createHash('sha1').update(`blob ${size}\0`) : createHash('sha256')
}

const newPart = (blob: string): string =>
  `${blob}.${host()}-${processId()}-${crypto.randomUUID().slice(0, 8)}.incomplete`

async function isAbandoned(part: string): Promise<boolean> {
  const [, owner, pid] = /\.(\w+)-(\d+)-\w+\.incomplete$/.exec(part) ?? []
  const here = owner === host()
  if (here && !isAlive(Number(pid))) return true
  const patience = here ? ABANDONED_WHILE_ALIVE_AFTER : ABANDONED_AFTER
  return (await modifiedAt(part)) < Date.now() - patience
}

/** Parts of a file that nobody writes to, the largest first. */
export async function leftovers(blobs: string, oid: string): Promise<{ path: string; size: number }[]> {
  const parts: { path: string; size: number }[] = []
  for (const name of await listNames(blobs)) {
    if (!name.startsWith(`${oid}.`) || !name.endsWith('.incomplete')) continue
    const path = `${blobs}/${name}`
    try {
      if (await isAbandoned(path)) parts.push({ path, size: await fileSize(path) })
    } catch (error) {
      if ((error as HeedError).code !== 'not-found') throw error // somebody took it meanwhile
    }
  }
  return parts.sort((a, b) => b.size - a.size)
}

/** Makes an abandoned part our own: how much of it there is. */
async function takeLeftover(blobs: string, oid: string, mine: string): Promise<number | undefined> {
  for (const { path, size } of await leftovers(blobs, oid)) {
    try {
      // In this order nobody else takes it for abandoned under its new name.
      await setModifiedAt(path, Date.now())
      await rename(path, mine)
      return size
    } catch (error) {
      if ((error as HeedError).code !== 'not-found') throw error
    }
  }
  return undefined
}

/**
 * Downloads a file into the folder of blobs, going on from where an earlier attempt stopped.
 *
 * @param onBytes how much of it there is
 * @throws HeedError `network`, `access`, `aborted`, `input` (what came stays, for the next attempt); `format` when it is
 *   not what the hub said (nothing stays)
 */
export async function download(
  hub: Hub,
  file: Known,
  commit: string,
  blobs: string,
  onBytes: (done: number) => void,
): Promise<void> {
  const mine = newPart(`${blobs}/${file.oid}`)
  const resumed = await takeLeftover(blobs, file.oid, mine)
  try {
    const right =
      (await receive(hub, file, commit, mine, resumed, onBytes)) ||
      // The part from before may have been the bad one.
      (resumed !== undefined && (await receive(hub, file, commit, mine, 0, onBytes)))
    if (!right)
      throw new HeedError(
        'format',
        `${quoted(hub.repository)}: ${file.path} came damaged: its checksum is not ${file.oid}; try again`,
      )
    await rename(mine, `${blobs}/${file.oid}`)
  } catch (error) {
    await letGo(mine, error).catch(() => undefined) // the first error is the one to tell
    throw error
  }
  for (const { path } of await leftovers(blobs, file.oid)) await removeFile(path)
}

/** What came of a file that is not damaged is free for whoever tries next, at once. */
async function letGo(mine: string, error: unknown): Promise<void> {
  if (!(await exists(mine))) return
  const worthless = (error as HeedError).code === 'format' || (await fileSize(mine)) === 0
  await (worthless ? removeFile(mine) : setModifiedAt(mine, 0))
}

/** Gets the bytes of a file behind the first `there` ones; whether the whole has the right checksum. */
async function receive(
  hub: Hub,
  file: Known,
  commit: string,
  path: string,
  there: number | undefined,
  onBytes: (done: number) => void,
): Promise<boolean> {
  const writer = await openWriter(path, there === undefined ? 'wx' : 'r+')
  try {
    let done = there === undefined || there > file.size ? 0 : there
    await writer.truncate(done)
    let hasher = await hashOfPart(hub, file, path, done)
    let furthest = done
    for (let attempt = 1, request = 1; done < file.size; attempt++, request++) {
      onBytes(done)
      await setModifiedAt(path, Date.now())
      try {
        const response = await hub.get(hub.fileUrl(file.path, commit), { from: done })
        if (!continues(response, done)) {
          done = 0
          hasher = hasherOf(file)
          await writer.truncate(0)
          if (response.status !== 200) {
            await response.body?.cancel()
            throw new HeedError(
              'network',
              `${quoted(hub.repository)}: ${file.path} comes with status ${response.status}; try again`,
            )
          }
        }
        for await (const bytes of hub.chunks(response)) {
          if (done + bytes.length > file.size)
            throw new HeedError(
              'format',
              `${quoted(hub.repository)}: ${file.path} is longer than the ${file.size} bytes that the hub said; try again`,
            )
          await writer.write(done, bytes)
          hasher.update(bytes)
          done += bytes.length
          if (done > furthest) [furthest, attempt] = [done, 1]
          onBytes(done)
        }
        if (done < file.size)
          throw new HeedError('network', `${quoted(hub.repository)}: the connection ended early; try again`)
      } catch (error) {
        const lost = error instanceof HeedError && error.code === 'network'
        if (!lost || attempt >= ATTEMPTS || request >= MOST_REQUESTS) throw error
        await wait(hub, 250 * 2 ** attempt)
      }
    }
    onBytes(done)
    await writer.sync()
    return hasher.digest('hex') === file.oid
  } finally {
    await writer.close()
  }
}

/** Whether an answer starts at byte `from` of its file. */
const continues = ({ status, headers }: Response, from: number): boolean =>
  status === 206 && new RegExp(`^bytes ${from}-`).test(headers.get('content-range') ?? '')

/** A hasher that has seen the first `length` bytes of a part. */
async function hashOfPart(hub: Hub, file: Known, path: string, length: number): Promise<Hasher> {
  const hasher = hasherOf(file)
  if (length === 0) return hasher
  const part = await openFile(path)
  try {
    const buffer = new Uint8Array(Math.min(length, 2 ** 22))
    for (let at = 0; at < length; at += buffer.length) {
      throwIfAborted(hub.signal)
      await setModifiedAt(path, Date.now()) // it takes long for many bytes, and the part is ours
      const bytes = buffer.subarray(0, Math.min(buffer.length, length - at))
      await part.read(at, bytes)
      hasher.update(bytes)
    }
  } finally {
    await part.close()
  }
  return hasher
}

/** Waits before the next attempt, unless the caller stops. */
async function wait({ signal }: Hub, milliseconds: number): Promise<void> {
  throwIfAborted(signal)
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
  throwIfAborted(signal)
}
