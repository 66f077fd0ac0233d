import { formatAddress, type Params, parseAddress } from './address'

export { formatAddress, type Params }

/** The view that the address names. The language stays in it, whatever page a link leads to. */
class Route {
  #now = $state.raw(parseAddress(location.hash))

  constructor() {
    const read = () => {
      const { page, params } = parseAddress(location.hash)
      const { lang } = this.params
      const isLost = params.lang === undefined && lang !== undefined
      this.#now = { page, params: isLost ? { ...params, lang } : params }
      if (isLost) history.replaceState(null, '', formatAddress(page, this.params))
    }
    addEventListener('popstate', read)
    addEventListener('hashchange', read)
  }

  get page(): string {
    return this.#now.page
  }

  get params(): Params {
    return this.#now.params
  }

  /**
   * Changes some parameters of this page; undefined takes one away.
   *
   * @param replace for what is dragged or typed, which should not fill the history
   */
  set(change: Readonly<Record<string, string | undefined>>, { replace = false } = {}): void {
    const address = formatAddress(this.page, { ...this.params, ...change })
    if (address === location.hash) return
    history[replace ? 'replaceState' : 'pushState'](null, '', address)
    this.#now = parseAddress(address)
  }
}

export const route = new Route()
