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

it('the article has nine parts, figures that name a model, and takes the half hour that it says', () => {
  const file = new URL('../../../../../docs/article/en.md', import.meta.url)
  const { parts } = readArticle(readFileSync(file, 'utf8'))
  expect(parts).toHaveLength(9)
  for (const { html } of parts) {
    const figures = html.match(/<heed-(?!quiz)[^>]*>/g) ?? []
    for (const figure of figures) expect(figure).toMatch(/ model="heed-/)
    expect(html).not.toMatch(/\$|<img/)
  }
  const minutes = parts.reduce((sum, part) => sum + part.minutes, 0)
  expect(minutes).toBeGreaterThanOrEqual(25)
  expect(minutes).toBeLessThanOrEqual(40)
})
