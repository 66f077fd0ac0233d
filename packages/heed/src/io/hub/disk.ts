import { HeedError } from '../../errors.js'
import { parseRecord } from '../../json.js'
import { gigabytes } from '../../tensor/shape.js'
import { exists, fileSize, freeBytes, linkFile, makeFolder, readText, writeFileAtomic } from '../files.js'
import { CONFIG, INDEX, readWeightMap, WEIGHTS } from '../model-folder.js'
import type { Hub } from './client.js'
import { download, type Known, leftovers } from './download.js'
import { isSha1, type Listing, neededFiles, quoted, type RemoteFile } from './repository.js'

export type OnProgress = (done: number, total: number) => void

/** A folder may have been meant: `runs/mine` could be either. */
const NO_FOLDER = '. There is no folder of this name either'

/*
 * The cache of Python's huggingface_hub: blobs/<checksum> are the files, snapshots/<commit>/<path> are links to them,
 * and refs/<revision> says which commit a branch or tag was when it was last seen.
 */

/**
 * The folder in the cache where the repository's files are, after what is missing has been downloaded. Without a
 * network (or where HF_HUB_OFFLINE forbids it) a snapshot that is whole will do.
 */
export async function snapshotOnDisk(hub: Hub, onProgress?: OnProgress): Promise<string> {
  const { environment, repository } = hub
  const root = `${environment.cache}/models--${repository.id.replace('/', '--')}`
  if (environment.offline) {
    const there = await wholeSnapshot(root, repository.revision)
    if (there !== undefined) return there
    throw new HeedError(
      'not-found',
      `${quoted(repository)}: ${environment.cache} does not hold it whole, and HF_HUB_OFFLINE is set; unset it to download${NO_FOLDER}`,
    )
  }
  let listing: Listing
  try {
    listing = await hub.listing()
  } catch (error) {
    if (!(error instanceof HeedError) || !['network', 'not-found'].includes(error.code)) throw error
    const there = error.code === 'network' ? await wholeSnapshot(root, repository.revision) : undefined
    if (there !== undefined) return there
    throw new HeedError(error.code, `${error.message}${NO_FOLDER}`, { cause: error })
  }
  const { commit } = listing
  const snapshot = `${root}/snapshots/${commit}`
  const names = neededFiles(repository, listing)
  if (names.includes(INDEX)) {
    await bring(hub, root, listing, [INDEX])
    names.push(...(await shardsOf(snapshot)))
  }
  await bring(hub, root, listing, names, onProgress)
  // Last, so that a download that stops half-way leaves the revision at the snapshot that was whole.
  if (repository.revision !== commit) {
    const ref = `${root}/refs/${repository.revision}`
    if (!(await exists(ref)) || (await readText(ref)) !== commit) {
      await makeFolder(ref.slice(0, ref.lastIndexOf('/')))
      await writeFileAtomic(ref, commit)
    }
  }
  return snapshot
}

/** The snapshot of a revision, where the cache has all that a model needs. */
async function wholeSnapshot(root: string, revision: string): Promise<string | undefined> {
  const ref = `${root}/refs/${revision}`
  const commit = isSha1(revision) ? revision : (await exists(ref)) ? (await readText(ref)).trim() : undefined
  if (!isSha1(commit)) return undefined
  const snapshot = `${root}/snapshots/${commit}`
  const has = (name: string) => exists(`${snapshot}/${name}`)
  if (!(await has(CONFIG))) return undefined
  if (await has(WEIGHTS)) return snapshot
  if (!(await has(INDEX))) return undefined
  for (const shard of await shardsOf(snapshot)) if (!(await has(shard))) return undefined
  return snapshot
}

/** Files that a snapshot's index names; none of them lies outside of it. */
async function shardsOf(snapshot: string): Promise<Set<string>> {
  const file = `${snapshot}/${INDEX}`
  return new Set(readWeightMap(parseRecord(await readText(file), file), file).values())
}

/** Puts files into a snapshot: those that are not there are linked to their blobs, which are downloaded if need be. */
async function bring(
  hub: Hub,
  root: string,
  { commit, files }: Listing,
  names: readonly string[],
  onProgress?: OnProgress,
): Promise<void> {
  const blobs = `${root}/blobs`
  const snapshot = `${root}/snapshots/${commit}`
  const missing: Known[] = []
  for (const name of names) {
    const listed = files.get(name)
    if (!listed)
      throw new HeedError('not-found', `${quoted(hub.repository)}: has no ${name}, which ${INDEX} names`)
    if (await isThere(`${snapshot}/${name}`, listed)) continue
    const { path, size, oid } = listed
    missing.push(
      size === undefined || oid === undefined ? await hub.describe(path, commit) : { path, size, oid },
    )
  }
  if (missing.length === 0) return
  await makeFolder(blobs)
  const coming: Known[] = []
  for (const file of missing) if (!(await isThere(`${blobs}/${file.oid}`, file))) coming.push(file)
  await checkRoom(hub, blobs, coming)
  const total = coming.reduce((sum, { size }) => sum + size, 0)
  let before = 0
  for (const file of missing) {
    const { path, oid, size } = file
    if (coming.includes(file)) {
      await download(hub, file, commit, blobs, (done) => onProgress?.(before + done, total))
      before += size
    }
    const link = `${snapshot}/${path}`
    await makeFolder(link.slice(0, link.lastIndexOf('/')))
    await linkFile(`${blobs}/${oid}`, `${'../'.repeat(1 + path.split('/').length)}blobs/${oid}`, link)
  }
}

/** Whether a file is there, whole as far as its size tells: its checksum was right when it took its place. */
const isThere = async (path: string, { size }: RemoteFile): Promise<boolean> =>
  (await exists(path)) && (size === undefined || (await fileSize(path)) === size)

/** A disk that will be full is better known before an hour's download than after it. */
async function checkRoom(hub: Hub, blobs: string, coming: readonly Known[]): Promise<void> {
  let needed = 0
  for (const { oid, size } of coming) needed += size - ((await leftovers(blobs, oid))[0]?.size ?? 0)
  const free = await freeBytes(blobs)
  if (needed > free)
    throw new HeedError(
      'input',
      `${quoted(hub.repository)}: ${gigabytes(needed)} are to come and ${gigabytes(free)} are free in ${blobs}; free some space, or set HF_HOME to a folder on a larger disk`,
    )
}
