/** Anything a scope can own. */
export interface Owned {
  /** What the scope that owns it holds; undefined when none does. */
  owner?: Set<unknown>
  dispose(): void
}

const scopes: Set<Owned>[] = []

/** Opens a scope and gives the set that will hold what is made in it. */
export function enter(): Set<Owned> {
  const made = new Set<Owned>()
  scopes.push(made)
  return made
}

/** Closes the innermost scope; the caller decides what happens to what it holds. */
export const leave = (): void => void scopes.pop()

let held = false

/**
 * While held, a scope that closes frees nothing: what it made moves to the enclosing one, because the backward of
 * what was computed will read it. Gives the setting before.
 */
export function hold(next: boolean): boolean {
  const before = held
  held = next
  return before
}

export const isHeld = (): boolean => held

/** Gives `owned` to the innermost scope, if there is one. */
export function adopt(owned: Owned): void {
  owned.owner = scopes.at(-1)
  owned.owner?.add(owned)
}

/** Takes `owned` out of every scope: it lives until it is disposed. */
export function release(owned: Owned): void {
  owned.owner?.delete(owned)
  owned.owner = undefined
}
