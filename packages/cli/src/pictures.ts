import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { initWasm, Resvg } from '@resvg/resvg-wasm'
import { HeedError } from 'heed'
import { writeFileAtomic } from 'heed/io'

const packaged = (file: string) => readFile(fileURLToPath(import.meta.resolve(file)))

/**
 * The faces that pictures are set in: static ones, since the renderer knows no variable weights. Signs and scripts that
 * the Latin subset of the second family leaves out (arrows, Greek, Cyrillic) come from the first.
 */
const faces = [
  ...['Regular', 'Medium', 'SemiBold'].map((weight) => `inter-ui/web/Inter-${weight}.woff2`),
  ...[400, 500, 700].map(
    (weight) => `@fontsource/jetbrains-mono/files/jetbrains-mono-latin-${weight}-normal.woff2`,
  ),
]

/** Pixels per px of a picture: sharp on paper and on dense screens. */
const ZOOM = 2

let renderer: Promise<Uint8Array[]> | undefined

/** The fonts, once the renderer is there; both are loaded when the first picture asks for them. */
async function loadRenderer(): Promise<Uint8Array[]> {
  const [wasm, ...fonts] = await Promise.all(['@resvg/resvg-wasm/index_bg.wasm', ...faces].map(packaged))
  await initWasm(wasm)
  return fonts
}

/** A picture as a PNG file of twice its size, in the fonts it was designed for. */
export async function toPng(svg: string): Promise<Uint8Array> {
  const fontBuffers = await (renderer ??= loadRenderer())
  const picture = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: ZOOM },
    font: { fontBuffers, sansSerifFamily: 'Inter', monospaceFamily: 'JetBrains Mono' },
  })
  const image = picture.render()
  try {
    return image.asPng()
  } finally {
    image.free()
    picture.free()
  }
}

/** What a file of a picture may be called. */
const kinds = ['.svg', '.png']

/** @throws HeedError `option` when the file's name says no kind of picture that there is */
export function checkPicture(path: string): void {
  if (!kinds.includes(extname(path).toLowerCase()))
    throw new HeedError('option', `${path}: a picture is ${kinds.join(' or ')}; end the file's name with one`)
}

/** Writes a picture as what its name says: `.svg` as it is, `.png` drawn. */
export async function writePicture(path: string, svg: string): Promise<void> {
  checkPicture(path)
  await writeFileAtomic(path, extname(path).toLowerCase() === '.png' ? await toPng(svg) : svg)
}
