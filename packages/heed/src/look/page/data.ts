/** What a page holds: texts as they are shown, and of every head what its weights follow from. */
export interface PageData {
  title: string
  text: string
  output: string | null
  axes: PageAxes[]
  /** float32 arrays in base64, each once; heads name theirs by number. */
  arrays: string[]
  heads: PageHead[]
}

/** The tokens of the maps of a site. */
export interface PageAxes {
  queries: PageToken[]
  keys: PageToken[]
  /** Whether a sequence reads itself, so that its queries are its keys. */
  own: boolean
}

export interface PageToken {
  label: string
  special: boolean
  startsWord: boolean
}

/** One head, with the numbers of its arrays. Rules that are not in force are absent. */
export interface PageHead {
  site: string
  head: number
  title: string
  /** 'e2·3' */
  name: string
  group: string
  axes: number
  q: number
  k: number
  m: number
  l: number
  scale: number
  causal?: number
  /** null: open on that side. */
  window?: [left: number | null, right: number | null]
  length?: number
  softcap?: number
  bias?: number
  sink?: number
}
