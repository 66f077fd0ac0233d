import { Marked, type TokenizerAndRendererExtension } from 'marked'
import type { Plugin } from 'vite'
import type { Article } from '../src/figures/article'
import { typeset } from './math.ts'
import { textImport } from './text-import.ts'

/** Words read in a minute, and minutes that a figure takes. */
const [WORDS, FIGURE] = [220, 0.6]

/** `import article from '…/en.md?article'`: Markdown becomes HTML, formulas MathML. */
export const article = (): Plugin => textImport('article', 'md', readArticle)

/** @throws Error where a part has no number, which is how the page and the text name it */
export function readArticle(text: string): Article {
  const [head, ...sections] = forPage(text).split(/^## /m)
  const [, title, lead] = /^# (.*)\n([^]*)$/.exec(head)!
  const parts = sections.map((section, n) => {
    const [heading, body] = [section.slice(0, section.indexOf('\n')), section.slice(section.indexOf('\n'))]
    const [, number, name] = /^(\d+)\. (.*)$/.exec(heading) ?? []
    if (Number(number) !== n + 1) throw new Error(`part ${n + 1} of the article is called "${heading}"`)
    return { title: name, minutes: minutesOf(body), html: htmlOf(body) }
  })
  return { title, lead: htmlOf(lead), parts }
}

/** Without what stands there for other places: pictures inside figures, and what only they need to be told. */
const forPage = (text: string): string =>
  text
    .replace(/<heed-elsewhere>[^]*?<\/heed-elsewhere>/g, '')
    .replace(/(<heed-[a-z]+[^>]*>)[^]*?(<\/heed-[a-z]+>)/g, '$1$2')

function minutesOf(body: string): number {
  const figures = body.match(/<heed-/g)?.length ?? 0
  const words = body.replace(/<[^>]*>/g, '').split(/\s+/).length
  return Math.max(1, Math.round(words / WORDS + FIGURE * figures))
}

/** Letters that own a colour take it; q, k and v only beside a matrix, for elsewhere they may be any vector. */
function coloured(tex: string): string {
  const letters = /W_|[QK]/.test(tex) ? 'qkvQKV' : 'QKV'
  const symbols = new RegExp(`(?<![A-Za-z\\\\_])(W_([QKV])|[${letters}](?:\\^\\\\top)?)(?![A-Za-z_])`, 'g')
  return tex
    .replace(symbols, (all, symbol: string, of = '') => `\\class{${(of || symbol[0]).toLowerCase()}}{${all}}`)
    .replace(/\\mathrm\{softmax\}|\\Big[()]/g, (all) => `\\class{w}{${all}}`)
}

const mathOf = (tex: string, displayMode: boolean): string => typeset(coloured(tex), displayMode)

const display: TokenizerAndRendererExtension = {
  name: 'display',
  level: 'block',
  start: (text) => text.indexOf('$$'),
  tokenizer(text) {
    const [raw, tex] = /^\$\$([^$]+)\$\$(?:\n|$)/.exec(text) ?? []
    return raw === undefined ? undefined : { type: 'display', raw, text: tex }
  },
  renderer: ({ text }) => `<div class="typeset display">${mathOf(text as string, true)}</div>\n`,
}

const inline: TokenizerAndRendererExtension = {
  name: 'inline',
  level: 'inline',
  start: (text) => text.indexOf('$'),
  tokenizer(text) {
    const [raw, tex] = /^\$([^$\n]+)\$/.exec(text) ?? []
    return raw === undefined ? undefined : { type: 'inline', raw, text: tex }
  },
  renderer: ({ text }) => `<span class="typeset">${mathOf(text as string, false)}</span>`,
}

/** Words that name a part of the formula take its colour where the text stresses them, in any of its languages. */
const roles: Readonly<Record<string, string>> = {
  asks: 'q',
  fragt: 'q',
  query: 'q',
  Query: 'q',
  Q: 'q',
  answers: 'k',
  antwortet: 'k',
  key: 'k',
  Key: 'k',
  K: 'k',
  value: 'v',
  Value: 'v',
  V: 'v',
  weights: 'w',
  Gewichte: 'w',
}

const markdown = new Marked({ extensions: [display, inline] })

/** `studio:train` leads to a page of the studio; what leads to other documents is text here, which has none of them. */
const htmlOf = (text: string): string =>
  (markdown.parse(text, { async: false }) as string)
    .replaceAll('href="studio:', 'href="#/')
    .replace(/<strong>(\w+)<\/strong>/g, (all, word: string) =>
      word in roles ? `<strong class="${roles[word]}">${word}</strong>` : all,
    )
    .replace(/<span class="typeset">(?:(?!<\/span>).)*<\/span>[,.;:]/g, '<span class="nobreak">$&</span>')
    .replace(/<a href="\.\.\/([^"]*)">([^]*?)<\/a>/g, '<span title="docs/$1">$2</span>')
