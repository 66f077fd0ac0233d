import { storage } from './storage.svelte'

/** What this browser kept under a name; undefined for nothing, and where storage is forbidden or full of something else. */
export function kept(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(name) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}

/** Keeps it; without storage it lasts as long as the page, which says so. */
export function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(name, JSON.stringify(value))
    storage.isLost = false
  } catch {
    storage.isLost = true
  }
}
