import { expect } from 'vitest'

/** What a picture says: the content of its text elements. */
export const texts = (svg: string): string[] =>
  Array.from(svg.matchAll(/<text[^>]*>(.*?)<\/text>/g), (match) => match[1].replace(/<[^>]*>/g, ''))

/** How often a pattern is in a picture. */
export const count = (svg: string, pattern: RegExp): number => Array.from(svg.matchAll(pattern)).length

/** Throws unless tags nest and attributes are quoted: what a parser of XML would ask for. */
export function assertWellFormed(svg: string): void {
  const open: string[] = []
  const rest = svg.replace(
    /<(\/?)([a-z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g,
    (_, close, name, _attributes, empty) => {
      if (close) expect(open.pop()).toBe(name)
      else if (!empty) open.push(name)
      return ''
    },
  )
  expect(open).toEqual([])
  expect(rest).not.toMatch(/[<>]/)
  expect(rest.replace(/&(amp|lt|gt|quot|#39);/g, '')).not.toContain('&')
  expect(svg).not.toMatch(/[^\P{Cc}\n\x80-\x9F]|[\p{Cs}\uFFFE\uFFFF]/u)
}
