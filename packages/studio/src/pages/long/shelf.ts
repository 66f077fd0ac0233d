import { storage } from '../../app/storage.svelte'
import type { Shelf } from './texts'

/** The storage of this tab, where the browser gives one. The page says so where it takes nothing. */
export function shelf(): Shelf | undefined {
  try {
    return shelfIn(sessionStorage)
  } catch {
    return undefined
  }
}

const shelfIn = (tab: Storage): Shelf => ({
  getItem: (key) => tab.getItem(key),
  removeItem: (key) => tab.removeItem(key),
  setItem(key, value) {
    try {
      tab.setItem(key, value)
    } catch (error) {
      storage.isLost = true
      throw error
    }
  },
})
