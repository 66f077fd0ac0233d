import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.jsonl': 'application/jsonl; charset=utf-8',
  '.tsv': 'text/tab-separated-values; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.jinja': 'text/plain; charset=utf-8',
  '.safetensors': 'application/octet-stream',
}

const isWithin = (path: string, folder: string): boolean => path.startsWith(folder + sep)

/**
 * Where links of a folder may lead: into itself, and of a snapshot of the hub's cache into the blobs beside it, where all
 * its files are.
 */
async function rootsOf(folder: string): Promise<string[]> {
  const root = await realpath(folder)
  const snapshot = /^(.*)[/\\]snapshots[/\\][^/\\]+$/.exec(root)
  return snapshot ? [root, join(snapshot[1], 'blobs')] : [root]
}

/**
 * The real path of a file of a folder, as long as it stays there; undefined for what is no file or leads elsewhere.
 *
 * @param name with `/` between its parts, none of which may be `.`, `..` or empty
 */
export async function fileWithin(folder: string, name: string): Promise<string | undefined> {
  const parts = name.split('/')
  if (parts.some((part) => ['', '.', '..'].includes(part) || /[\\:\0]/.test(part))) return undefined
  try {
    const roots = await rootsOf(folder)
    const path = await realpath(join(folder, ...parts))
    return roots.some((root) => isWithin(path, root)) && (await stat(path)).isFile() ? path : undefined
  } catch {
    return undefined
  }
}

/** The names of all files of a folder that `fileWithin` gives, folders within included, sorted. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
  const found = await Promise.all(names.map((name) => fileWithin(folder, name)))
  return names.filter((_, i) => found[i] !== undefined).sort()
}

/**
 * A file as an answer: with a tag of its size and time, so that what a browser has is not sent again. It may be written to,
 * or replaced, meanwhile: what is sent is the file that was opened, as long as it was then.
 */
export async function fileResponse(path: string, request: Request, cache: string): Promise<Response> {
  const file = await open(path)
  const response = await responseOf(file, path, request, cache).catch(async (error: unknown) => {
    await file.close()
    throw error
  })
  // A body closes the file when it has been read, or is not wanted any more.
  if (!response.body) await file.close()
  return response
}

async function responseOf(
  file: FileHandle,
  path: string,
  request: Request,
  cache: string,
): Promise<Response> {
  const { size, mtimeMs } = await file.stat()
  const etag = `"${size.toString(36)}-${Math.trunc(mtimeMs * 1000).toString(36)}"`
  const headers = {
    etag,
    'cache-control': cache,
    'content-type': types[extname(path)] ?? 'application/octet-stream',
  }
  const known = request.headers.get('if-none-match')?.split(',') ?? []
  if (known.some((tag) => tag.trim().replace(/^W\//, '') === etag))
    return new Response(null, { status: 304, headers })
  const bytes =
    request.method === 'HEAD' || size === 0 ? undefined : file.createReadStream({ start: 0, end: size - 1 })
  const body = bytes ? (Readable.toWeb(bytes) as ReadableStream) : null
  return new Response(body, { headers: { ...headers, 'content-length': String(size) } })
}
