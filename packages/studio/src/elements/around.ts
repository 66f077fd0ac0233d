/* What colours a page has where an element stands. */
import { palettes, type Theme } from 'heed/look'

export interface Around {
  theme: Theme
  /** The page's own ground and ink, where figures can be read on them; else figures bring theirs. */
  card?: string
  ink?: string
}

/** Red, green, blue and alpha, 0 to 255. */
type Rgba = readonly [number, number, number, number]

/** Text that a figure writes small must reach it on the page's ground, and the page's ink must reach far more. */
const [READABLE, STRONG] = [4.5, 7]

let canvas: CanvasRenderingContext2D | undefined

/** A colour as the browser computes it; by drawing it where it is none of the usual. */
export function rgbaOf(colour: string): Rgba {
  const [, list] = /^rgba?\(([^)]*)\)$/.exec(colour) ?? []
  if (list !== undefined) {
    const [r, g, b, a = 1] = list.split(/[\s,/]+/).map(Number)
    return [r, g, b, 255 * a]
  }
  canvas ??= document.createElement('canvas').getContext('2d', { willReadFrequently: true })!
  canvas.clearRect(0, 0, 1, 1)
  canvas.fillStyle = colour
  canvas.fillRect(0, 0, 1, 1)
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
  return [r, g, b, a]
}

/** Of `#rrggbb`. */
const hex = (colour: string): Rgba => {
  const n = Number.parseInt(colour.slice(1), 16)
  return [n >> 16, (n >> 8) & 255, n & 255, 255]
}

/** Relative luminance, as WCAG 2 says. */
const luminance = ([r, g, b]: Rgba): number => {
  const [R, G, B] = [r, g, b].map((c) => (c <= 10 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4))
  return 0.2126 * R + 0.7152 * G + 0.0722 * B
}

const contrast = (a: Rgba, b: Rgba): number => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (high + 0.05) / (low + 0.05)
}

/** What figures do on such a ground, with such an ink. */
export function fitting(ground: string, ink: string, wanted?: Theme): Around {
  const under = rgbaOf(ground)
  const [light, dark] = [palettes.light, palettes.dark].map(({ ink3 }) => contrast(hex(ink3), under))
  const own: Theme = light >= dark ? 'light' : 'dark'
  const theme = wanted ?? own
  const isCard = theme === own && Math.max(light, dark) >= READABLE
  const card = isCard ? under : hex(palettes[theme].card)
  const isInk = theme === own && rgbaOf(ink)[3] === 255 && contrast(rgbaOf(ink), card) >= STRONG
  return { theme, ...(isCard && { card: ground }), ...(isInk && { ink }) }
}

function* upwards(element: Element): Generator<Element> {
  for (let at: Element | null = element; at;) {
    yield at
    at = at.parentElement ?? (at.getRootNode() as Partial<ShadowRoot>).host ?? null
  }
}

/** The first ground that hides what is behind it; where nobody paints, that of the browser. */
function groundOf(element: Element): string {
  for (const at of upwards(element)) {
    const { backgroundColor } = getComputedStyle(at)
    if (rgbaOf(backgroundColor)[3] === 255) return backgroundColor
  }
  const probe = document.createElement('div')
  probe.style.backgroundColor = 'Canvas'
  element.shadowRoot!.append(probe)
  const { backgroundColor } = getComputedStyle(probe)
  probe.remove()
  return backgroundColor
}

/** @param theme as the element says it: `light`, `dark`, or else as the page is */
export const around = (element: Element, theme?: string): Around =>
  fitting(
    groundOf(element),
    getComputedStyle(element).color,
    theme === 'light' || theme === 'dark' ? theme : undefined,
  )

/** Looks again whenever the page may have changed its colours: the system's scheme, or an attribute of what holds the element. */
export function watchAround(element: Element, look: () => void): () => void {
  const end = new AbortController()
  const { signal } = end
  const observer = new MutationObserver(look)
  for (const at of upwards(element)) if (at !== element) observer.observe(at, { attributes: true })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', look, { signal })
  addEventListener('load', look, { signal })
  // Colours that change slowly are other ones at the end.
  document.addEventListener(
    'transitionend',
    ({ target, propertyName }) => {
      if (propertyName.endsWith('color') && (target as Element).contains(element)) look()
    },
    { signal },
  )
  signal.addEventListener('abort', () => observer.disconnect())
  return () => end.abort()
}
