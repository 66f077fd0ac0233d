import { HeedError, throwIfAborted } from '../../errors.js'
import { isRecord, parseRecord, quote } from '../../json.js'
import { hasDisk } from '../files.js'
import type { Environment } from './environment.js'
import { isSha1, isSha256, type Listing, quoted, type RemoteFile, type Repository } from './repository.js'

/** Milliseconds without a byte after which a connection counts as lost. */
export const PATIENCE = 30_000
const MOST_REDIRECTS = 5
/** Bytes of a list of files. */
const LONGEST_TEXT = 64 * 2 ** 20

/** One repository of the hub, over HTTP. The token goes to the endpoint and to nobody else. */
export class Hub {
  constructor(
    readonly environment: Environment,
    readonly repository: Repository,
    readonly signal?: AbortSignal,
  ) {}

  /** Where the hub tells what the repository holds. */
  get listingUrl(): string {
    const { id, revision } = this.repository
    return `${this.environment.endpoint}/api/models/${id}/revision/${encodeURIComponent(revision)}?blobs=true`
  }

  /** Where a file is. */
  fileUrl(path: string, commit: string): string {
    const steps = path.split('/').map(encodeURIComponent).join('/')
    return `${this.environment.endpoint}/${this.repository.id}/resolve/${commit}/${steps}`
  }

  /** @throws HeedError `not-found`, `access`, `network`, `aborted` */
  async listing(): Promise<Listing> {
    return this.readListing(await this.text(await this.get(this.listingUrl)))
  }

  /** Checks what a hub says: all of it may become parts of paths. */
  readListing(text: string): Listing {
    const strange = (what: string) =>
      new HeedError(
        'network',
        `${this.environment.endpoint} does not answer as a hub does: ${what}; check HF_ENDPOINT and the network's proxy`,
      )
    let json: Record<string, unknown>
    try {
      json = parseRecord(text, 'the list of files')
    } catch (error) {
      throw strange((error as Error).message)
    }
    const { sha, siblings } = json
    if (!isSha1(sha)) throw strange(`sha is ${quote(sha)}, expected a commit`)
    if (!Array.isArray(siblings)) throw strange(`siblings is ${quote(siblings)}, expected a list`)
    const files = new Map<string, RemoteFile>()
    for (const entry of siblings as unknown[]) {
      if (!isRecord(entry) || typeof entry.rfilename !== 'string') throw strange('a file has no rfilename')
      const { rfilename: path, size, blobId, lfs } = entry
      const oid = isRecord(lfs) ? (lfs.sha256 ?? lfs.oid) : blobId
      files.set(path, {
        path,
        size: Number.isSafeInteger(size) && (size as number) >= 0 ? (size as number) : undefined,
        oid: isSha1(oid) || isSha256(oid) ? oid : undefined,
      })
    }
    return { commit: sha, files }
  }

  /** Size and checksum of a file, for hubs whose list of files does not have them. */
  async describe(path: string, commit: string): Promise<Required<RemoteFile>> {
    const { headers } = await this.get(this.fileUrl(path, commit), { method: 'HEAD' })
    const oid = (headers.get('x-linked-etag') ?? headers.get('etag'))?.replace(/^W\/|"/g, '')
    const size = Number(headers.get('x-linked-size') ?? headers.get('content-length') ?? NaN)
    if ((isSha1(oid) || isSha256(oid)) && Number.isSafeInteger(size) && size >= 0) return { path, size, oid }
    throw new HeedError(
      'network',
      `${quoted(this.repository)}: ${this.environment.endpoint} gives no size and checksum of ${path}, so that it cannot be verified; check HF_ENDPOINT`,
    )
  }

  /**
   * An answer with status 200, 206 or 416. Redirects are followed by hand in Node, where a token may have to stay
   * behind; browsers allow only their own way, and know no token.
   */
  async get(address: string, init: { method?: 'HEAD'; from?: number } = {}): Promise<Response> {
    const { endpoint, token } = this.environment
    const { method = 'GET', from = 0 } = init
    let url = address
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const headers: Record<string, string> = hasDisk() ? { 'accept-encoding': 'identity' } : {}
      if (from > 0) headers.range = `bytes=${from}-`
      if (token && new URL(url).origin === new URL(endpoint).origin) headers.authorization = `Bearer ${token}`
      const response = await this.guard(
        (signal) => fetch(url, { method, headers, redirect: hasDisk() ? 'manual' : 'follow', signal }),
        url,
      )
      const location = response.headers.get('location')
      const moved = response.status >= 300 && response.status < 400 && location !== null
      // The headers that describe a large file stand on the redirect to where it is kept.
      if (!moved || (method === 'HEAD' && response.headers.has('x-linked-etag'))) {
        if (response.ok || moved || response.status === 416) return response
        await response.body?.cancel()
        throw this.refusal(response)
      }
      await response.body?.cancel()
      url = this.redirection(location, url)
    }
    throw new HeedError('network', `${address}: more than ${MOST_REDIRECTS} redirects; check HF_ENDPOINT`)
  }

  /** Where a redirect leads. */
  private redirection(location: string, from: string): string {
    const to = URL.canParse(location, from) ? new URL(location, from) : undefined
    if (to && /^https?:$/.test(to.protocol)) return to.href
    throw new HeedError(
      'network',
      `${quoted(this.repository)}: ${new URL(from).host} redirects to ${quote(location)}, which is no address; check HF_ENDPOINT`,
    )
  }

  /**
   * The text of an answer.
   *
   * @throws HeedError `network`, also for more than 64 MB; `aborted`
   */
  async text(response: Response): Promise<string> {
    const decoder = new TextDecoder()
    let text = ''
    let size = 0
    for await (const bytes of this.chunks(response)) {
      size += bytes.length
      if (size > LONGEST_TEXT)
        throw new HeedError(
          'network',
          `${quoted(this.repository)}: ${this.environment.endpoint} answers with more than ${LONGEST_TEXT} bytes where a list of files was expected; check HF_ENDPOINT`,
        )
      text += decoder.decode(bytes, { stream: true })
    }
    return text + decoder.decode()
  }

  /** The bytes of an answer as they come. */
  async *chunks(response: Response): AsyncGenerator<Uint8Array> {
    const reader = response.body?.getReader()
    if (!reader) return
    try {
      for (;;) {
        const { done, value } = await this.guard(() => reader.read(), response.url)
        if (done) return
        yield value
      }
    } finally {
      await reader.cancel().catch(() => undefined)
    }
  }

  /** What a step of a connection throws becomes ours; it ends when the caller stops, and does not take forever. */
  private async guard<T>(step: (signal: AbortSignal) => Promise<T>, url: string): Promise<T> {
    throwIfAborted(this.signal)
    const controller = new AbortController()
    let end = (_reason: Error) => {}
    const ended = new Promise<never>((_, reject) => {
      end = (reason) => {
        reject(reason)
        controller.abort()
      }
    })
    const stop = () => end(new Error('stopped'))
    const timer = setTimeout(() => end(new Error(`nothing came for ${PATIENCE / 1000} s`)), PATIENCE)
    this.signal?.addEventListener('abort', stop)
    try {
      return await Promise.race([step(controller.signal), ended])
    } catch (cause) {
      throwIfAborted(this.signal)
      const { message, cause: inner } = cause as Error & { cause?: { code?: string; message?: string } }
      throw new HeedError(
        'network',
        `${quoted(this.repository)}: no connection to ${new URL(url || this.environment.endpoint).host} (${inner?.code ?? inner?.message ?? message}); check the network, or HF_ENDPOINT`,
        { cause },
      )
    } finally {
      clearTimeout(timer)
      this.signal?.removeEventListener('abort', stop)
    }
  }

  /** Why the hub gave no file. It answers 401 for a repository that there is not, so that nobody can guess names. */
  private refusal({ status, headers }: Response): HeedError {
    const { environment, repository } = this
    const { endpoint, token } = environment
    const name = quoted(repository)
    const [code, message] = [headers.get('x-error-code'), headers.get('x-error-message') ?? '']
    if (code === 'GatedRepo' || (status === 403 && code === null))
      return new HeedError(
        'access',
        `${name}: is gated; accept its terms at ${endpoint}/${repository.id}, ` +
          (token
            ? 'with the account that the token in use belongs to'
            : 'and set HF_TOKEN to a token of that account'),
      )
    if (code === 'RevisionNotFound')
      return new HeedError(
        'not-found',
        `${quote(repository.id)}: the hub has no revision ${quote(repository.revision)} of it; see ${endpoint}/${repository.id}/tree/main for those there are`,
      )
    if (status === 401 && token && /credentials/i.test(message))
      return new HeedError(
        'access',
        `${name}: the hub does not know the token in HF_TOKEN; make one at ${endpoint}/settings/tokens`,
      )
    if (code === 'RepoNotFound' || status === 401 || (status === 404 && code === null))
      return new HeedError(
        'not-found',
        `${name}: the hub has no such model, or it is private; check the name` +
          (token ? '' : ', or set HF_TOKEN'),
      )
    if (status === 404)
      return new HeedError('not-found', `${name}: the hub does not have a file that it listed; try again`)
    const advice = status === 429 ? 'too many requests: wait a while, or set HF_TOKEN' : 'try again later'
    return new HeedError('network', `${name}: ${endpoint} answers ${status}; ${advice}`)
  }
}
