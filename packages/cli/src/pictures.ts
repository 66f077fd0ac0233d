import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Resvg } from '@resvg/resvg-wasm'
import { Option } from 'commander'
import { HeedError } from 'heed'
import { writeFileAtomic } from 'heed/io'
import type { PageFont, Theme } from 'heed/look'
import { checkWritable } from './files.js'

const packaged = (file: string) => readFile(fileURLToPath(import.meta.resolve(file)))

const mono = (weight: number) =>
  `@fontsource/jetbrains-mono/files/jetbrains-mono-latin-${weight}-normal.woff2`

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

interface Renderer {
  Resvg: typeof Resvg
  fonts: Uint8Array[]
}

let renderer: Promise<Renderer> | undefined

/** The renderer and its fonts, loaded when the first picture asks for them. */
async function loadRenderer(): Promise<Renderer> {
  const { initWasm, Resvg } = await import('@resvg/resvg-wasm')
  const [wasm, ...fonts] = await Promise.all(['@resvg/resvg-wasm/index_bg.wasm', ...faces].map(packaged))
  await initWasm(wasm)
  return { Resvg, fonts }
}

/** A picture as a PNG file of twice its size, in the fonts it was designed for. */
export async function toPng(svg: string): Promise<Uint8Array> {
  const { Resvg, fonts: fontBuffers } = await (renderer ??= loadRenderer())
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
const kindOf = (path: string) => extname(path).toLowerCase()

/** The options of commands that draw. */
export interface PictureFlags {
  svg?: string
  png?: string
  theme: Theme
}

export const pictureOptions = {
  svg: new Option('--svg <file>', 'also write a picture: .svg, or .png'),
  png: new Option('--png <file>', 'the same as a .png, at twice its size'),
  theme: new Option('--theme <theme>', 'of the picture').choices(['light', 'dark']).default('light'),
}

/**
 * The files of the pictures that were asked for, of which none will fail for its name or its place.
 *
 * @throws HeedError as writing would, or `option` when a file's name says no kind of picture that there is
 */
export async function checkPictures({ svg, png }: Pick<PictureFlags, 'svg' | 'png'>): Promise<string[]> {
  const paths = [svg, png].filter((path) => path !== undefined)
  for (const path of paths) {
    await checkWritable(path)
    if (!kinds.includes(kindOf(path)))
      throw new HeedError(
        'option',
        `${path}: a picture is ${kinds.join(' or ')}; end the file's name with one`,
      )
  }
  if (png !== undefined && kindOf(png) !== '.png')
    throw new HeedError('option', `${png}: --png writes a .png; end the file's name with it, or give --svg`)
  return paths
}

/** Writes a picture as what its name says: `.svg` as it is, `.png` drawn. */
export async function writePicture(path: string, svg: string): Promise<void> {
  await writeFileAtomic(path, kindOf(path) === '.png' ? await toPng(svg) : svg)
}

/** The fonts that travel with a page. */
export async function pageFonts(): Promise<PageFont[]> {
  const font = async (family: string, weight: string, file: string): Promise<PageFont> => ({
    family,
    weight,
    woff2: await packaged(file),
  })
  return Promise.all([
    font('Inter Variable', '100 900', 'inter-ui/variable-latin/InterVariable-subset.woff2'),
    ...[400, 500, 700].map((weight) => font('JetBrains Mono Variable', String(weight), mono(weight))),
  ])
}
