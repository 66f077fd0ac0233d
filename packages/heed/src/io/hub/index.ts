import { hasDisk } from '../files.js'
import { diskFolder, type Folder } from '../folder.js'
import { snapshotInBrowser } from './browser.js'
import { Hub } from './client.js'
import { type OnProgress, snapshotOnDisk } from './disk.js'
import { readEnvironment } from './environment.js'
import type { Repository } from './repository.js'

export type { OnProgress } from './disk.js'
export { type Repository, repositoryOf } from './repository.js'

export interface DownloadOptions {
  signal?: AbortSignal
  /** Bytes of what is missing; those of an earlier attempt count as done. */
  onProgress?: OnProgress
}

/**
 * The files of a model of the Hugging Face hub that heed reads, downloaded where they are missing: into the cache of
 * Python's huggingface_hub, or in a browser into Cache Storage. Every file's checksum is right before it takes its place.
 *
 * @throws HeedError `not-found`, `access`, `network`, `format`, `unsupported`, `input` (no space), `aborted`
 */
export async function openRepository(
  repository: Repository,
  { signal, onProgress }: DownloadOptions = {},
): Promise<Folder> {
  const hub = new Hub(await readEnvironment(), repository, signal)
  return hasDisk() ? diskFolder(await snapshotOnDisk(hub, onProgress)) : snapshotInBrowser(hub, onProgress)
}
