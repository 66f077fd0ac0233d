/*
 * `<heed-attention>` and its like, for any page. What stands here is small and knows no figure: an element keeps its room
 * free, and brings the code (show.svelte.ts) when it is near. What stands inside it shows where no script runs.
 */
import { learn } from '../words/en/learn'
import { type Attributes, attributeNames, kindOf, type Name, names, roomOf } from './kinds'
import room from './room.css?inline'
import type { Home, Shown } from './show.svelte'

/** px from the screen. */
const NEAR = '900px'

let sheet: CSSStyleSheet | undefined
/** Of every element before its figure comes. */
function roomSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet()
    sheet.replaceSync(room)
  }
  return sheet
}

const waiting = new Map<Element, () => void>()
let observer: IntersectionObserver | undefined
function come(element: Element): void {
  observer?.unobserve(element)
  const show = waiting.get(element)
  waiting.delete(element)
  show?.()
}
/** Calls when an element is near the screen, or when the page is printed. */
function whenNear(element: Element, show: () => void): void {
  if (!observer) {
    observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) if (isIntersecting) come(target)
      },
      { rootMargin: `${NEAR} 0px` },
    )
    addEventListener('beforeprint', () => [...waiting.keys()].forEach(come))
  }
  waiting.set(element, show)
  observer.observe(element)
}

abstract class HeedElement extends HTMLElement {
  static readonly observedAttributes = attributeNames
  protected abstract readonly home: Home

  readonly #root = this.attachShadow({ mode: 'open' })
  readonly #place = document.createElement('div')
  #shown: Shown | undefined
  /** Grows with every coming and going: what was begun before is of no use. */
  #turn = 0
  #isChanged = false

  constructor() {
    super()
    this.#root.adoptedStyleSheets = [roomSheet()]
    this.#root.append(this.#place)
  }

  connectedCallback(): void {
    this.#keepRoom()
    whenNear(this, () => void this.#show(++this.#turn))
  }

  disconnectedCallback(): void {
    this.#turn++
    waiting.delete(this)
    observer?.unobserve(this)
    this.#shown?.end()
    this.#shown = undefined
  }

  /** Several at once are one change. */
  attributeChangedCallback(): void {
    if (this.#isChanged) return
    this.#isChanged = true
    queueMicrotask(() => {
      this.#isChanged = false
      this.#keepRoom()
      this.#shown?.change(this.#said())
    })
  }

  get #name(): Name {
    return this.localName as Name
  }

  #said(): Attributes {
    const given = attributeNames.map((name) => [name, this.getAttribute(name)] as const)
    return Object.fromEntries(
      given.filter((entry): entry is [(typeof entry)[0], string] => entry[1] !== null),
    )
  }

  #keepRoom(): void {
    const said = this.#said()
    const kind = kindOf(this.#name, said)
    const [wide, phone] = roomOf(kind, said)
    this.#place.className = `embedded figure ${kind}`
    this.#place.style.setProperty('--wide', `${wide}px`)
    this.#place.style.setProperty('--phone', `${phone}px`)
  }

  async #show(turn: number): Promise<void> {
    try {
      const { show } = await import('./show.svelte')
      if (turn === this.#turn) this.#shown = show(this, this.#place, this.#name, this.#said(), this.home)
    } catch {
      if (turn !== this.#turn) return
      // What says so properly is in the code that did not come.
      const said = document.createElement('p')
      said.textContent = `${learn.figure.failed}. ${learn.figure.noCode}`
      this.#place.replaceChildren(said, document.createElement('slot'))
    }
  }
}

/** Makes figures of all `heed-…` elements of the page, those that come later too. */
export function defineElements(home: Home): void {
  for (const name of names)
    if (!customElements.get(name))
      customElements.define(
        name,
        class extends HeedElement {
          protected readonly home = home
        },
      )
}
