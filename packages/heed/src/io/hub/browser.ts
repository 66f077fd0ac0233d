import { HeedError, throwIfAborted } from '../../errors.js'
import { parseRecord } from '../../json.js'
import { blobFolder } from '../blobs.js'
import type { Folder } from '../folder.js'
import { INDEX, readWeightMap } from '../model-folder.js'
import type { Hub } from './client.js'
import type { OnProgress } from './disk.js'
import { isSha1, type Listing, neededFiles, quoted, type RemoteFile } from './repository.js'

/** The name of the cache in Cache Storage; its keys are the addresses of files at a commit, which never change. */
const CACHE = 'heed-hub'

/**
 * The repository's files in the browser's Cache Storage, after what is missing has been downloaded. Files are taken
 * whole: one that is interrupted starts anew. Without a network, the files of the last visit will do.
 */
export async function snapshotInBrowser(hub: Hub, onProgress?: OnProgress): Promise<Folder> {
  if (typeof caches === 'undefined')
    throw new HeedError(
      'unsupported',
      `${quoted(hub.repository)}: this page has no Cache Storage to keep models in; serve it over https or from localhost`,
    )
  const cache = await caches.open(CACHE)
  const listing = await listingOf(hub, cache)
  const folder = cacheFolder(hub, cache, listing.commit)
  const names = neededFiles(hub.repository, listing)
  if (names.includes(INDEX)) {
    await bring(hub, cache, listing, [INDEX])
    const index = parseRecord((await folder.text(INDEX)) ?? '', INDEX)
    names.push(...new Set(readWeightMap(index, `${hub.repository.id}/${INDEX}`).values()))
  }
  await bring(hub, cache, listing, names, onProgress)
  return folder
}

async function listingOf(hub: Hub, cache: Cache): Promise<Listing> {
  try {
    const text = await hub.text(await hub.get(hub.listingUrl))
    const listing = hub.readListing(text)
    // Where there is no room for it, the files that come next say so.
    await cache.put(hub.listingUrl, new Response(text)).catch(() => undefined)
    return listing
  } catch (error) {
    const lost = error instanceof HeedError && error.code === 'network'
    const last = lost ? await cache.match(hub.listingUrl) : undefined
    if (!last) throw error
    return hub.readListing(await last.text())
  }
}

const cacheFolder = (hub: Hub, cache: Cache, commit: string): Folder =>
  blobFolder(hub.repository.id, async (name) => (await cache.match(hub.fileUrl(name, commit)))?.blob())

async function bring(
  hub: Hub,
  cache: Cache,
  { commit, files }: Listing,
  names: readonly string[],
  onProgress?: OnProgress,
): Promise<void> {
  const missing: Required<RemoteFile>[] = []
  for (const name of names) {
    const { size, oid } = files.get(name) ?? {}
    if (size === undefined || oid === undefined)
      throw new HeedError(
        'network',
        `${quoted(hub.repository)}: the hub gives no size and checksum of ${name}`,
      )
    if (!(await cache.match(hub.fileUrl(name, commit)))) missing.push({ path: name, size, oid })
  }
  const total = missing.reduce((sum, { size }) => sum + size, 0)
  let before = 0
  // How much will come, before the first byte does.
  if (missing.length > 0) onProgress?.(0, total)
  for (const file of missing) {
    const bytes = await receive(hub, file, commit, (done) => onProgress?.(before + done, total))
    await keep(hub, cache, file, commit, bytes)
    before += file.size
  }
}

/** Puts a file into the cache, which has its limits. */
async function keep(
  hub: Hub,
  cache: Cache,
  { path, size }: RemoteFile,
  commit: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  try {
    await cache.put(hub.fileUrl(path, commit), new Response(bytes))
  } catch (cause) {
    throw new HeedError(
      'input',
      `${quoted(hub.repository)}: the browser has no room to keep ${path}, ${size} bytes (${(cause as Error).message}); free space on the disk or remove data of sites in the browser's settings, or use a smaller model`,
      { cause },
    )
  }
}

/** All bytes of a file, whose checksum is right: a browser can only compute it over the whole. */
async function receive(
  hub: Hub,
  { path, size, oid }: Required<RemoteFile>,
  commit: string,
  onBytes: (done: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const damaged = (what: string) =>
    new HeedError('format', `${quoted(hub.repository)}: ${path} came damaged: ${what}; try again`)
  // Git counts a header into the checksum of what it keeps itself.
  const header = new TextEncoder().encode(isSha1(oid) ? `blob ${size}\0` : '')
  const all = allocate(header.length + size, `${quoted(hub.repository)}: ${path}`)
  all.set(header)
  let done = 0
  for await (const bytes of hub.chunks(await hub.get(hub.fileUrl(path, commit)))) {
    if (done + bytes.length > size) throw damaged(`it is longer than ${size} bytes`)
    all.set(bytes, header.length + done)
    onBytes((done += bytes.length))
  }
  throwIfAborted(hub.signal)
  const digest = new Uint8Array(await crypto.subtle.digest(isSha1(oid) ? 'SHA-1' : 'SHA-256', all))
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  if (done < size || hex !== oid) throw damaged(`its checksum is not ${oid}`)
  return all.subarray(header.length)
}

function allocate(length: number, name: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length)
  } catch (cause) {
    throw new HeedError(
      'memory',
      `${name} has ${length} bytes, more than this page can hold; use a smaller model`,
      { cause },
    )
  }
}
