import type { Article } from '../../figures/article'
import type { Language } from '../../words/words.svelte'

/** By file; each is fetched when it is read. */
const pages = import.meta.glob<Article>('#article/*.md', { query: '?article', import: 'default' })
const texts = import.meta.glob<string>('#article/*.md', { query: '?raw', import: 'default' })

const of = <T>(files: Record<string, () => Promise<T>>, language: Language) =>
  Object.entries(files).find(([path]) => path.endsWith(`/${language}.md`))?.[1]

/** The article as it is read, and as it is saved. */
export interface Text {
  language: Language
  article: Article
  markdown: string
}

/**
 * The article in a language; in English where nobody has written it in that one.
 *
 * @throws Error where the server does not give it
 */
export async function articleIn(language: Language): Promise<Text> {
  const page = of(pages, language)
  const text = of(texts, language)
  if (!page || !text) return articleIn('en')
  return { language, article: await page(), markdown: await text() }
}
