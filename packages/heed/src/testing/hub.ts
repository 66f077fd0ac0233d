import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** Two servers on this machine that answer as the hub and its storage of large files do. */
export interface FakeHub extends AsyncDisposable {
  /** For HF_ENDPOINT. */
  readonly endpoint: string
  readonly commit: string
  /** What was asked, in order: `GET hub /api/…`, `HEAD hub /…`, `GET storage /… bytes=100-`. */
  readonly requests: string[]
  /** The authorization of each request, likewise. */
  readonly tokens: (string | undefined)[]
  /** Bytes of files that were sent. */
  sent: number
  /** How it misbehaves. */
  trouble: {
    /** Answers the repository's files only to this token. */
    gated?: string
    /** Cuts the connection after so many bytes of a large file. */
    cutAfter?: number
    /** Stops sending after so many bytes, and keeps the connection open. */
    stallAfter?: number
    /** Changes a byte of large files on the way. */
    damaged?: boolean
    /** Sends more bytes of large files than there are. */
    longer?: boolean
    /** Does not know about ranges. */
    noRanges?: boolean
    /** Lists names without sizes and checksums, as mirrors do. */
    namesOnly?: boolean
    /** Gives the list of files in these words. */
    listing?: object | string
    /** Answers every request with this status. */
    status?: number
  }
}

const hex = (algorithm: string, ...parts: (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash(algorithm)).digest('hex')

/** How git names a blob. */
const gitSha1 = (bytes: Uint8Array) => hex('sha1', `blob ${bytes.length}\0`, bytes)

/** Every connection, also those that have not asked for anything yet: `closeAllConnections` does not know these. */
const sockets = new Set<Socket>()

const listen = (server: Server) =>
  new Promise<string>((resolve) =>
    server
      .on('connection', (socket) => {
        sockets.add(socket)
        socket.on('close', () => sockets.delete(socket))
      })
      .listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  )

/** A hub with one repository, `org/tiny`, with one commit, on `main` and `refs/pr/1`. Weights are kept as large files. */
export async function fakeHub(files: Record<string, Uint8Array | string>): Promise<FakeHub> {
  const commit = hex('sha1', JSON.stringify(Object.keys(files)))
  const bytesOf = new Map(Object.entries(files).map(([name, content]) => [name, Buffer.from(content)]))
  const isLarge = (name: string) => name.endsWith('.safetensors')
  const revisions = ['main', 'refs/pr/1', commit]

  const record = (request: IncomingMessage, server: string) => {
    const { method, url, headers } = request
    state.requests.push([method, server, url, headers.range].filter((part) => part).join(' '))
    state.tokens.push(request.headers.authorization)
  }
  const refuse = (response: ServerResponse, status: number, code: string) =>
    response.writeHead(status, { 'x-error-code': code, 'x-error-message': code }).end()

  const hub = createServer((request, response) => {
    record(request, 'hub')
    const { trouble } = state
    const [path] = request.url!.split('?')
    if (trouble.status) return response.writeHead(trouble.status).end()
    const [, api, revision] = /^\/api\/models\/(.*?)\/revision\/(.*)$/.exec(path) ?? []
    const [, id, at, encoded] = /^\/(.*?\/.*?)\/resolve\/(.*?)\/(.*)$/.exec(path) ?? []
    if ((api ?? id) !== 'org/tiny') return refuse(response, 401, 'RepoNotFound')
    if (!revisions.includes(decodeURIComponent(revision ?? at)))
      return refuse(response, 404, 'RevisionNotFound')
    if (api !== undefined) {
      const siblings = [...bytesOf].map(([rfilename, bytes]) =>
        trouble.namesOnly
          ? { rfilename }
          : {
              rfilename,
              size: bytes.length,
              blobId: gitSha1(bytes),
              ...(isLarge(rfilename) && { lfs: { size: bytes.length, sha256: hex('sha256', bytes) } }),
            },
      )
      const listing = trouble.listing ?? { sha: commit, siblings }
      return response.end(typeof listing === 'string' ? listing : JSON.stringify(listing))
    }
    if (trouble.gated && request.headers.authorization !== `Bearer ${trouble.gated}`)
      return refuse(response, request.headers.authorization ? 403 : 401, 'GatedRepo')
    const name = decodeURIComponent(encoded)
    const bytes = bytesOf.get(name)
    if (!bytes) return refuse(response, 404, 'EntryNotFound')
    response.setHeader('x-repo-commit', commit)
    if (!isLarge(name)) {
      response.writeHead(200, { etag: `"${gitSha1(bytes)}"`, 'content-length': bytes.length })
      if (request.method === 'GET') state.sent += bytes.length
      return response.end(request.method === 'HEAD' ? undefined : bytes)
    }
    const etag = `"${hex('sha256', bytes)}"`
    const location = `${storageUrl}/${encodeURIComponent(name)}`
    response.writeHead(302, { location, 'x-linked-etag': etag, 'x-linked-size': bytes.length }).end()
  })

  const storage = createServer((request, response) => {
    record(request, 'storage')
    const { trouble } = state
    const whole = Buffer.from(bytesOf.get(decodeURIComponent(request.url!.slice(1)))!)
    if (trouble.damaged) whole[whole.length - 1] ^= 1
    const from = trouble.noRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (from >= whole.length && from > 0) return response.writeHead(416).end()
    const bytes = Buffer.concat([whole.subarray(from), Buffer.alloc(trouble.longer ? 8 : 0)])
    const range = { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` }
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length, ...(from > 0 && range) })
    const limit = trouble.cutAfter ?? trouble.stallAfter
    const sent = limit === undefined ? bytes : bytes.subarray(0, limit)
    state.sent += sent.length
    if (limit === undefined) return response.end(sent)
    response.write(sent, () => {
      // Later, since a client drops what it has not read yet when a connection breaks.
      if (trouble.cutAfter !== undefined) setTimeout(() => response.destroy(), 50)
    })
  })

  const storageUrl = await listen(storage)
  const state: FakeHub = {
    endpoint: await listen(hub),
    commit,
    requests: [],
    tokens: [],
    sent: 0,
    trouble: {},
    async [Symbol.asyncDispose]() {
      for (const server of [hub, storage]) {
        const closed = new Promise((resolve) => server.close(resolve))
        for (const socket of sockets) socket.destroy()
        await closed
      }
    },
  }
  return state
}
