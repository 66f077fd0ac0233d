import { HeedError } from '../errors.js'
import type { OpenFile } from './files.js'
import type { Folder } from './folder.js'
import { decodeUtf8 } from './text.js'

/**
 * A folder of blobs, for pages: files that somebody chose or dropped are blobs, `blobFolder('mine', async (name) =>
 * files.get(name))`. Of large ones only the pieces that are asked for come into memory.
 *
 * Reading throws HeedError `input` for a file that changed or went since it was chosen.
 *
 * @param path what errors call it
 * @param blobOf the file of a name, undefined where there is none
 */
export function blobFolder(path: string, blobOf: (name: string) => Promise<Blob | undefined>): Folder {
  return {
    path,
    async text(name) {
      const blob = await blobOf(name)
      return blob && decodeUtf8(await bytesOf(blob, `${path}/${name}`), `${path}/${name}`)
    },
    async open(name): Promise<OpenFile | undefined> {
      const blob = await blobOf(name)
      return (
        blob && {
          size: blob.size,
          read: async (position, into) =>
            into.set(await bytesOf(blob.slice(position, position + into.length), `${path}/${name}`)),
          close: async () => undefined,
        }
      )
    },
  }
}

async function bytesOf(blob: Blob, file: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.arrayBuffer())
  } catch (cause) {
    throw new HeedError(
      'input',
      `${file}: cannot be read (${(cause as Error).message}); it may have changed since it was opened: open it again`,
      { cause },
    )
  }
}
