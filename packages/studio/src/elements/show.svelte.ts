import { mount, unmount, untrack } from 'svelte'
import base from '../look/base.css?inline'
import fonts from '../look/fonts.css?inline'
import { elementStyles } from '../look/styles'
import tokens from '../look/tokens.css?inline'
import { isLanguage, words } from '../words/words.svelte'
import { around, watchAround } from './around'
import Figure from './Figure.svelte'
import type { Attributes, Name } from './kinds'

/** Where elements stand, as far as they do not say it themselves. */
export interface Home {
  /** The folder of models.json. */
  models: string
  /** A studio's address, before the `#`; '' in a studio. None: nothing leads there. */
  studio?: string
}

export interface Shown {
  change(attributes: Attributes): void
  end(): void
}

let sheet: CSSStyleSheet | undefined
/**
 * What a page has, for a root of its own: every token may be set from outside, `--card` as `--heed-card`, and takes before
 * that what was found around the element.
 */
function pageSheet(): CSSStyleSheet {
  if (sheet) return sheet
  const open = tokens.replace(
    /--([\w-]+):\s*([^;}]+)/g,
    (_, name: string, value: string) => `--${name}: var(--heed-${name}, var(--around-${name}, ${value}))`,
  )
  sheet = new CSSStyleSheet()
  sheet.replaceSync(`${open}\n${base}`.replaceAll(':root', '.embedded'))
  return sheet
}

let isPageReady = false
/**
 * Readies a page that is no studio. Faces of a shadow root's own are no faces: they are the page's, which uses them where
 * it names them only. And figures speak the language that the page says it is in, if they do.
 */
function readyPage(): void {
  if (isPageReady) return
  isPageReady = true
  const language = document.documentElement.lang.split('-')[0]
  // Where its words do not come, English is there.
  if (isLanguage(language)) void words.speak(language).catch(() => {})
  const faces = new CSSStyleSheet()
  faces.replaceSync(fonts)
  document.adoptedStyleSheets.push(faces)
}

/** Shows the figure of an element in its place. */
export function show(
  element: HTMLElement,
  place: HTMLElement,
  name: Name,
  attributes: Attributes,
  home: Home,
): Shown {
  const root = place.getRootNode() as ShadowRoot
  if (!root.adoptedStyleSheets.includes(pageSheet())) root.adoptedStyleSheets.push(pageSheet())
  elementStyles.adopt(root)
  if (home.studio !== '') readyPage()

  const props = $state({ name, attributes, theme: 'light' as 'light' | 'dark', home })
  const look = () => {
    const { theme, card, ink } = around(element, props.attributes.theme)
    props.theme = place.dataset.theme = theme
    for (const [token, colour] of Object.entries({ card, ink }))
      if (colour) place.style.setProperty(`--around-${token}`, colour)
      else place.style.removeProperty(`--around-${token}`)
  }
  const leave = watchAround(element, look)
  const forget = $effect.root(() => {
    $effect(() => void (place.lang = words.language))
  })
  look()
  const figure = untrack(() => mount(Figure, { target: place, props }))
  return {
    change(to) {
      props.attributes = to
      look()
    },
    end() {
      leave()
      forget()
      void unmount(figure)
      elementStyles.release(root)
    },
  }
}
