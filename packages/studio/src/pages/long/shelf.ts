import type { Shelf } from './texts'

/** The storage of this tab, where the browser gives one. */
export function shelf(): Shelf | undefined {
  try {
    return sessionStorage
  } catch {
    return undefined
  }
}
