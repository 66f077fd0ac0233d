import { HeedError, throwIfAborted } from '../errors.js'
import { blobFolder } from './blobs.js'
import type { Folder } from './folder.js'
import { OPTIONAL_FILES, CONFIG, INDEX, WEIGHTS } from './model-folder.js'

export interface ServedOptions {
  /** Which files there are, as paths within the folder: no other one is asked for. Default: those a model folder may have. */
  files?: readonly string[]
  signal?: AbortSignal
  /** Bytes that came, of all files that were asked for so far. */
  onProgress?: (done: number, total: number) => void
}

/**
 * A folder that a web server gives, for pages (and Node): `loadModel(servedFolder('/models/heed-en-de/'))`. A file is
 * taken whole when it is first asked for (one that failed, when it is asked for again), into a Blob, which browsers keep out
 * of the page's memory when it is large; what the browser's cache has is not fetched again.
 *
 * Reading throws HeedError `not-found` for an answer other than 200 and 404 (404 is a file that there is not),
 * `network` from 500 on, when the server cannot be reached or the connection ends early, `aborted` by the signal.
 */
export function servedFolder(address: string, options: ServedOptions = {}): Folder {
  const { files = [CONFIG, WEIGHTS, INDEX, ...OPTIONAL_FILES], signal, onProgress } = options
  const base = address.replace(/\/*$/, '')
  const blobs = new Map<string, Promise<Blob | undefined>>()
  let [done, total] = [0, 0]

  async function take(name: string): Promise<Blob | undefined> {
    const url = `${base}/${name.split('/').map(encodeURIComponent).join('/')}`
    let [came, expected] = [0, 0]
    try {
      const response = await fetch(url, { signal })
      // A server of single-page apps answers with its page for whatever there is not.
      const isPage = response.headers.get('content-type')?.startsWith('text/html')
      if (response.status === 404 || (response.ok && isPage)) {
        await response.body?.cancel()
        return undefined
      }
      if (!response.ok || !response.body) {
        await response.body?.cancel()
        const isDown = response.status >= 500
        throw new HeedError(
          isDown ? 'network' : 'not-found',
          `${url}: the server answers ${response.status}; ${isDown ? 'try again later' : 'check the address'}`,
        )
      }
      expected = Number(response.headers.get('content-length') ?? 0)
      total += expected
      const count = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(bytes, controller) {
          came += bytes.length
          done += bytes.length
          onProgress?.(done, Math.max(done, total))
          controller.enqueue(bytes)
        },
      })
      return await new Response(response.body.pipeThrough(count)).blob()
    } catch (cause) {
      // The next who asks fetches it anew.
      blobs.delete(name)
      done -= came
      total -= expected
      throwIfAborted(signal)
      if (cause instanceof HeedError) throw cause
      const { message } = cause as Error
      throw new HeedError('network', `${url}: cannot be read (${message}); is the server still running?`, {
        cause,
      })
    }
  }

  const blobOf = async (name: string): Promise<Blob | undefined> => {
    if (!files.includes(name)) return undefined
    if (!blobs.has(name)) blobs.set(name, take(name))
    return blobs.get(name)
  }
  return blobFolder(base, blobOf)
}
