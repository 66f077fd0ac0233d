/*
 * A picture is drawn once, as SVG. Here it becomes what else one may want of it: a PNG, and a page of its own with the numbers
 * in it. Both carry the fonts that it is set in.
 */
import { words } from '../words/words.svelte'
import type { AnySaving, Saving } from './share.svelte'

export const isPicture = ({ type }: AnySaving): boolean => type === 'image/svg+xml'
export const isNumbers = ({ type }: AnySaving): boolean => type === 'text/csv' || type === 'application/json'

/** Pixels of the picture for each of the SVG, on every screen. */
const SCALE = 2
/** What canvases of all browsers have room for. */
const MOST_PIXELS = 16_384
const MOST_AREA = 2 ** 28

/** @throws Error where the browser cannot draw it */
export async function pngOf(svg: string): Promise<Blob> {
  const [image, blank] = await Promise.all([
    imageOf(withStyle(svg, await fontFaces(svg))),
    imageOf(withStyle(svg, 'text { display: none }')),
  ])
  try {
    await settled(image, blank)
    const { naturalWidth: width, naturalHeight: height } = image
    const scale = Math.min(
      SCALE,
      MOST_PIXELS / Math.max(width, height),
      Math.sqrt(MOST_AREA / (width * height)),
    )
    const canvas = Object.assign(document.createElement('canvas'), {
      width: Math.round(width * scale),
      height: Math.round(height * scale),
    })
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height)
    return await new Promise((resolve, reject) =>
      canvas.toBlob(
        (blob) => (blob ? resolve(blob) : reject(new Error('no room for its pixels'))),
        'image/png',
      ),
    )
  } finally {
    for (const { src } of [image, blank]) URL.revokeObjectURL(src)
  }
}

async function imageOf(svg: string): Promise<HTMLImageElement> {
  const image = new Image()
  image.src = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }))
  await image.decode()
  return image
}

/** ms between two looks at a picture, and how many must be the same. */
const LOOK = 40
const SAME = 3
/** A browser that takes longer gives up on the font itself, and draws in another one. */
const MOST_LOOKS = 100

/** Fonts of an image load when it is first drawn, and until then its text is not there: waits until it is, and stays. */
async function settled(image: HTMLImageElement, blank: HTMLImageElement): Promise<void> {
  const nothing = inkOf(blank)
  for (let [looks, same, last] = [0, 0, nothing]; same < SAME && looks < MOST_LOOKS; looks++) {
    const ink = inkOf(image)
    same = ink !== nothing && ink === last ? same + 1 : 0
    last = ink
    await new Promise((later) => setTimeout(later, LOOK))
  }
}

/** All values of the pixels of an image in little. */
function inkOf(image: HTMLImageElement): number {
  const width = Math.min(400, image.naturalWidth)
  const height = Math.ceil((image.naturalHeight * width) / image.naturalWidth)
  const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d')!
  context.drawImage(image, 0, 0, width, height)
  return context.getImageData(0, 0, width, height).data.reduce((sum, value) => sum + value, 0)
}

/** A picture as an HTML file that needs nothing else, with the page's numbers as files in it. */
export async function pageOf(picture: Saving, numbers: readonly Saving[], view: string): Promise<Blob> {
  const { page } = words.now.own.share
  const svg = picture.make()
  const title = /<title>([^<]*)<\/title>/.exec(svg)?.[1] ?? escapeHtml(picture.name)
  const files = numbers.map(
    ({ name, file, type, make }) =>
      `<a download="${escapeHtml(file)}" href="data:${type};charset=utf-8,${encodeURIComponent(make())}">${escapeHtml(name)}</a>`,
  )
  const html = `<!doctype html>
<html lang="${document.documentElement.lang || 'en'}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; font-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · heed</title>
<style>
${await fontFaces(svg)}
body { margin: 24px; font: 13px/20px "Inter Variable", system-ui, sans-serif; background: ${paperOf(svg)}; color: #77767d }
svg { display: block; max-width: 100%; height: auto }
footer { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 24px }
a { color: inherit }
</style>
</head>
<body>
<main>${svg}</main>
<footer>${[`<a href="${escapeHtml(view)}">${page.view}</a>`, ...files].join('\n')}<span>${page.made}</span></footer>
</body>
</html>
`
  return new Blob([html], { type: 'text/html' })
}

const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** What the picture stands on. */
const paperOf = (svg: string) => /<rect[^>]*fill="(#[0-9a-f]{6})"/i.exec(svg)?.[1] ?? 'none'

const withStyle = (svg: string, style: string) =>
  svg.replace(
    /<svg [^>]*>/,
    (start) => `${start}<style>${style.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</style>`,
  )

/** The page's fonts, as far as a picture is set in them, in the picture itself: it stands alone. */
async function fontFaces(svg: string): Promise<string> {
  const rules = [...document.styleSheets].flatMap((sheet) =>
    [...sheet.cssRules].flatMap((rule) => (rule instanceof CSSFontFaceRule ? [{ rule, sheet }] : [])),
  )
  const points = new Set(Array.from(svg, (char) => char.codePointAt(0)!))
  const wanted = rules.filter(({ rule: { style } }) => {
    const family = style.getPropertyValue('font-family').replace(/["']/g, '')
    const ranges = rangesOf(style.getPropertyValue('unicode-range'))
    const isSet = svg.includes(family)
    return isSet && [...points].some((point) => ranges.some(([from, to]) => point >= from && point <= to))
  })
  const faces = await Promise.all(
    wanted.map(({ rule, sheet }) => faceOf(rule, sheet.href ?? document.baseURI)),
  )
  return faces.join('\n')
}

/** `U+0-2FF, U+2000`; all where there is none. */
const rangesOf = (text: string): (readonly [number, number])[] =>
  text === ''
    ? [[0, 0x10ffff]]
    : text.split(',').map((range) => {
        const [from, to = from] = range.trim().slice(2).split('-')
        return [Number.parseInt(from, 16), Number.parseInt(to, 16)]
      })

async function faceOf({ style }: CSSFontFaceRule, base: string): Promise<string> {
  const address = /url\(["']?([^"')]+)/.exec(style.getPropertyValue('src'))?.[1]
  if (address === undefined) return ''
  const bytes = await (await fetch(new URL(address, base))).blob()
  const data = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader()
    reader.addEventListener('load', () => resolve(reader.result as string))
    reader.addEventListener('error', () => reject(reader.error))
    reader.readAsDataURL(new Blob([bytes], { type: 'font/woff2' }))
  })
  const kept = ['font-family', 'font-style', 'font-weight', 'unicode-range']
    .map((name) => [name, style.getPropertyValue(name)])
    .filter(([, value]) => value !== '')
  return `@font-face { ${kept.map(([name, value]) => `${name}: ${value};`).join(' ')} src: url(${data}) format("woff2") }`
}
