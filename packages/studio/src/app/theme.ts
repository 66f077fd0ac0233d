import { theme } from '../look/theme.svelte'
import { keep } from './kept'

/** The same in public/theme.js, which reads it before the first paint. */
const KEPT = 'heed.theme'

/** The reader wants the other theme, for now and for the next visit. */
export function toggleTheme(): void {
  theme.choose(theme.now === 'dark' ? 'light' : 'dark')
  keep(KEPT, theme.now)
}
