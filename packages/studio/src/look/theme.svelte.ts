import type { Theme } from 'heed/look'
import { getContext } from 'svelte'

const system = matchMedia('(prefers-color-scheme: dark)')
const chosen = (): Theme | undefined => {
  const { theme } = document.documentElement.dataset
  return theme === 'light' || theme === 'dark' ? theme : undefined
}

class ThemeState {
  /** What colours are drawn in now. */
  now = $state<Theme>(chosen() ?? (system.matches ? 'dark' : 'light'))

  constructor() {
    system.addEventListener('change', () => {
      if (!chosen()) this.now = system.matches ? 'dark' : 'light'
    })
  }

  /** From now on the page is drawn in it, whatever the system has. */
  choose(theme: Theme): void {
    this.now = theme
    document.documentElement.dataset.theme = theme
  }
}

export const theme = new ThemeState()

/** Key of a context: the theme of an element on a page that is not ours. */
export const THEME = Symbol('theme')

/** What the component that is being made is drawn in. */
export const themeHere = (): { readonly now: Theme } =>
  getContext<{ readonly now: Theme } | undefined>(THEME) ?? theme
