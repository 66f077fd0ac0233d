import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readArticle } from '../../../tools/article'

describe('readArticle', () => {
  const article = readArticle(
    [
      '# Title',
      '',
      'Lead.',
      '<heed-elsewhere>',
      '',
      'Run the studio.',
      '',
      '</heed-elsewhere>',
      '',
      '## 1. First',
      '',
      'See [this](studio:train) and [that](../experiments.md), $q = x W_Q$, a $d_k$.',
      '',
      '<heed-map model="m" text="a b">',
      '<img src="pictures/map.svg" alt="A map">',
      '</heed-map>',
      '',
      '$$Q K^\\top$$',
    ].join('\n'),
  )
  const [{ title, html }] = article.parts

  it('knows title, lead and parts', () => {
    expect([article.title, title, article.parts.length]).toEqual(['Title', 'First', 1])
    expect(article.lead).toContain('Lead.')
    expect(article.lead).not.toContain('Run the studio')
  })

  it('leaves figures empty and leads to pages', () => {
    expect(html).toContain('<heed-map model="m" text="a b"></heed-map>')
    expect(html).toContain('<a href="#/train">this</a>')
    expect(html).toContain('<span title="docs/experiments.md">that</span>')
  })

  it('typesets formulas, letters in their colours, indices without', () => {
    expect(html.match(/<math/g)).toHaveLength(3)
    expect(html).toMatch(/class="q"/)
    expect(html).toMatch(/class="k"/)
    expect(html).not.toContain('$')
  })

  it('a part out of order is refused', () =>
    expect(() => readArticle('# T\n\n## 2. B\n')).toThrow('part 1 of the article is called "2. B"'))
})

const textOf = (language: string) =>
  readFileSync(new URL(`../../../../../docs/article/${language}.md`, import.meta.url), 'utf8')
const all = (text: string, what: RegExp) => [...text.matchAll(what)].map(([found]) => found)

it.each(['en', 'de'])(
  '%s: the article has nine parts, figures that name a model, and takes the half hour that it says',
  (language) => {
    const { parts } = readArticle(textOf(language))
    expect(parts).toHaveLength(9)
    for (const { html } of parts) {
      const figures = html.match(/<heed-(?!quiz)[^>]*>/g) ?? []
      for (const figure of figures) expect(figure).toMatch(/ model="heed-/)
      expect(html).not.toMatch(/\$|<img|href="\.\./)
    }
    const minutes = parts.reduce((sum, part) => sum + part.minutes, 0)
    expect(minutes).toBeGreaterThanOrEqual(25)
    expect(minutes).toBeLessThanOrEqual(40)
  },
)

it('the German article has the figures, formulas, links and colours of the English one, in its order', () => {
  const [english, german] = ['en', 'de'].map((language) => {
    const text = textOf(language)
    return {
      sections: text.split(/^## /m).map((section) => ({
        tags: all(section, /<\/?[a-z][^>]*>/g).map((tag) => tag.replace(/ alt="[^"]+"/, ' alt')),
        formulas: all(section, /\$\$?[^$]+\$\$?/g),
        links: all(section, /\]\([^)]*\)/g),
        lists: all(section, /^(?:-|\d\.) /gm),
      })),
      colours: readArticle(text).parts.map(({ html }) => all(html, /<strong class="\w">/g)),
    }
  })
  expect(german).toEqual(english)
})
