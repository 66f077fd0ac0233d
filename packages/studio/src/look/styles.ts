/*
 * Styles of components, by the code that needs them: `tools/adopted.ts` makes every component say them here as it is loaded.
 * A page, or an element with a shadow root, adopts all that were said and all that will be.
 */

class Styles {
  readonly #texts: string[] = []
  readonly #sheets: CSSStyleSheet[] = []
  readonly #roots = new Set<DocumentOrShadowRoot>()

  constructor(private readonly written: (css: string) => string = (css) => css) {}

  add(css: string): void {
    this.#texts.push(css)
    if (this.#roots.size > 0) this.#make()
  }

  adopt(root: DocumentOrShadowRoot): void {
    if (this.#roots.has(root)) return
    this.#make()
    root.adoptedStyleSheets.push(...this.#sheets)
    this.#roots.add(root)
  }

  release(root: DocumentOrShadowRoot): void {
    if (!this.#roots.delete(root)) return
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((sheet) => !this.#sheets.includes(sheet))
  }

  /** What was said since; nothing is parsed that no root adopts. */
  #make(): void {
    const made = this.#texts.splice(0).map((css) => {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(this.written(css))
      return sheet
    })
    this.#sheets.push(...made)
    for (const root of this.#roots) root.adoptedStyleSheets.push(...made)
  }
}

/** Of the studio's own page. */
export const pageStyles = new Styles()

/** Inside elements, which know no screen but their own width: all that pages do on narrow screens they do where they are narrow. */
export const elementStyles = new Styles((css) =>
  css.replace(/@media\s*\((?:max-width:\s*|width\s*<=\s*)\d+px\)/g, '@container (max-width: 639px)'),
)

export function add(css: string): void {
  pageStyles.add(css)
  elementStyles.add(css)
}
