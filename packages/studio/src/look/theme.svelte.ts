import type { Theme } from 'heed/look'

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

  toggle(): void {
    this.now = this.now === 'dark' ? 'light' : 'dark'
    document.documentElement.dataset.theme = this.now
    try {
      localStorage.setItem('heed-theme', this.now)
    } catch {
      // No storage: the choice holds for this visit.
    }
  }
}

export const theme = new ThemeState()
