/** A part of an article: HTML whose figures are empty `heed-…` elements, for the page to fill. */
export interface ArticlePart {
  title: string
  /** Of reading and of answering, rounded, at least 1. */
  minutes: number
  html: string
}

export interface Article {
  title: string
  /** What stands before the first part. */
  lead: string
  parts: ArticlePart[]
}
