import { HeedError } from '../../errors.js'
import { quote } from '../../json.js'
import { CONFIG, INDEX, NOT_PICKLED, OPTIONAL_FILES, PICKLED, WEIGHTS } from '../model-folder.js'

/** A repository of the hub, at a revision. */
export interface Repository {
  /** `org/name` */
  id: string
  /** A branch, a tag, `refs/pr/N` or a commit. */
  revision: string
}

/** 40 hexadecimal digits: a commit, or a blob of git. */
export const isSha1 = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{40}$/.test(value)

/** 64 hexadecimal digits: a file that is kept beside git. */
export const isSha256 = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

/** `org/name` and `org/name@revision`; undefined for what cannot be one. Both become parts of paths: nothing climbs. */
export function repositoryOf(name: string): Repository | undefined {
  const part = '[A-Za-z0-9_](?:[\\w.-]{0,94}[A-Za-z0-9_])?'
  const found = new RegExp(`^(${part}/${part})(?:@(\\w[\\w./-]*))?$`).exec(name)
  if (!found) return undefined
  const [, id, revision = 'main'] = found
  if (/--|\.\.|\.git$/.test(id) || /\.\.|\/\/|\/\.|[/.]$/.test(revision)) return undefined
  return { id, revision }
}

/** A file of a repository as the hub tells of it. */
export interface RemoteFile {
  path: string
  /** Bytes; undefined where the hub did not say. */
  size?: number
  /** SHA-256 of its bytes, or git's SHA-1 of the blob; undefined where the hub did not say. */
  oid?: string
}

/** What a repository holds at a commit. */
export interface Listing {
  commit: string
  files: ReadonlyMap<string, RemoteFile>
}

/**
 * Of all files, those that heed reads: without the weights where those are shards, which only the index names.
 *
 * @throws `not-found` where config.json or the weights are missing; `unsupported` where the weights are pickled
 */
export function neededFiles({ id }: Repository, { files }: Listing): string[] {
  const optional = OPTIONAL_FILES.filter((name) => files.has(name))
  const weights = [WEIGHTS, INDEX].find((name) => files.has(name))
  if (!weights && PICKLED.some((name) => files.has(name)))
    throw new HeedError('unsupported', `${id}: has no ${WEIGHTS}; ${NOT_PICKLED}`)
  const missing = !files.has(CONFIG) ? CONFIG : weights ? undefined : WEIGHTS
  if (missing)
    throw new HeedError('not-found', `${id}: has no ${missing}; a model holds ${CONFIG} and ${WEIGHTS}`)
  return [CONFIG, ...optional, weights!]
}

/** An error about a repository, in one line. */
export const quoted = (repository: Repository): string =>
  quote(repository.revision === 'main' ? repository.id : `${repository.id}@${repository.revision}`)
