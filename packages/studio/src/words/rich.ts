/** A part that stands out: in the colour of a role, bold, muted, as a letter of the mathematics, or below the line. */
type Marked =
  | { q: string }
  | { k: string }
  | { v: string }
  | { w: string }
  | { b: string }
  | { mut: string }
  | { letter: string }
  | { sub: string }

/** A sentence in parts, for look/Rich.svelte; words of the reader's text stand in it as they are, never as markup. */
export type Rich = readonly (string | Marked)[]
