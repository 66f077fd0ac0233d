import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Resvg } from '@resvg/resvg-wasm'
import { Option } from 'commander'
import { HeedError } from 'heed'
import { writeFileAtomic } from 'heed/io'
import { type PageFont, type Theme, visibleLine } from 'heed/look'
import { checkWritable } from './files.js'
import { systemFonts } from './system-fonts.js'

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

/** What our fonts have and pictures are full of: no look is needed whether they do. */
const OURS = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}·−→–—…“”„‘’±≤√∞↵⇥⁻⁰¹²³⁴⁵⁶⁷⁸⁹]/u

/** Pixels per px of a picture: sharp on paper and on dense screens. */
const ZOOM = 2

type FontOptions = NonNullable<ConstructorParameters<typeof Resvg>[1]>['font']

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

/** The characters that no font has: each is drawn as the box that a character of nobody's is drawn as. */
function boxed(Resvg: Renderer['Resvg'], font: FontOptions, characters: readonly string[]): string[] {
  const texts = ['\u{10FFFD}', ...characters].map(
    (char, i) => `<text id="t${i}" font-family="Inter">${char}</text>`,
  )
  const picture = new Resvg(
    `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${texts.join('')}</svg>`,
    { font },
  )
  // Texts come back as their outlines.
  const outlines = picture.toString().matchAll(/<g id="t(\d+)">\s*<path [^>]*\bd="([^"]*)"/g)
  picture.free()
  const drawn = new Map(Array.from(outlines, ([, i, outline]) => [Number(i), outline]))
  return characters.filter((_, i) => drawn.get(i + 1) === drawn.get(0))
}

/**
 * A picture as a PNG file of twice its size, in the fonts it was designed for. What they lack (Chinese, emoji …) comes
 * from the fonts of this machine; `without` are the characters that none of them has either, which are boxes.
 */
export async function toPng(svg: string): Promise<{ png: Uint8Array; without: string[] }> {
  const { Resvg, fonts } = await (renderer ??= loadRenderer())
  const families = { sansSerifFamily: 'Inter', monospaceFamily: 'JetBrains Mono' }
  let font = { fontBuffers: fonts, ...families }
  const others = [...new Set(svg.match(/[^\p{ASCII}\p{M}\p{Cf}]/gu))].filter((char) => !OURS.test(char))
  let without = others.length > 0 ? boxed(Resvg, font, others) : []
  if (without.length > 0) {
    const more = await systemFonts(without.map((char) => char.codePointAt(0)!))
    font = { fontBuffers: [...fonts, ...more], ...families }
    without = boxed(Resvg, font, without)
  }
  const picture = new Resvg(svg, { fitTo: { mode: 'zoom', value: ZOOM }, font })
  const image = picture.render()
  try {
    return { png: image.asPng(), without }
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

/** Writes a picture as what its name says, `.svg` as it is, `.png` drawn; gives the line that tells so. */
export async function writePicture(path: string, svg: string): Promise<string> {
  const said = `wrote ${visibleLine(path)}`
  if (kindOf(path) !== '.png') {
    await writeFileAtomic(path, svg)
    return said
  }
  const { png, without } = await toPng(svg)
  await writeFileAtomic(path, png)
  if (without.length === 0) return said
  const some = `${without.slice(0, 8).join('')}${without.length > 8 ? ` and ${without.length - 8} more` : ''}`
  return `${said}; no font here has ${some}, which ${without.length === 1 ? 'is a box' : 'are boxes'}: an .svg keeps ${without.length === 1 ? 'it' : 'them'}`
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
