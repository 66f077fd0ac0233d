import { isHubName } from '../app/own-files'
import type { ModelEntry } from '../engine/models'
import type { Words } from '../words/words.svelte'
import type { Attributes, Name } from './kinds'

type Said = Words['learn']['wrong']

const isFilled = (text: string | undefined): text is string => text !== undefined && text.trim() !== ''
const isCount = (text: string) => /^\d+$/.test(text)

/** What figures can show; the first when they do not say. */
const shows: Readonly<Partial<Record<Name, readonly string[]>>> = {
  'heed-attention': ['map', 'vectors', 'projections', 'score', 'scale', 'softmax', 'mix'],
  'heed-words': ['distances', 'arrows', 'axioms'],
}
const asks = ['row', 'scale']
const themes = ['auto', 'light', 'dark']

/** The words of a `<heed-words>`, each once. */
export const listed = ({ words, text = '' }: Attributes): string[] =>
  [...new Set((words ?? text).split(/[\s,]+/))].filter(Boolean)

/** How many words a figure of words takes. */
const least = ({ show, ask }: Attributes) => (show === 'axioms' && !ask ? 3 : 2)

/**
 * What an element says that it cannot mean, in a sentence that says what can be said; undefined where all is well. What
 * only a model knows (its sites and heads, a text that is too long) is said by the engine.
 */
export function wrongAttribute(name: Name, given: Attributes, said: Said): string | undefined {
  const oneOf = (attribute: string, list: readonly string[]) => {
    const value = given[attribute]
    return value !== undefined && !list.includes(value) ? said.oneOf(attribute, value, list) : undefined
  }
  const aboutText = () => {
    if (name === 'heed-quiz') return undefined
    if (name !== 'heed-words') return isFilled(given.text) ? undefined : said.text
    const list = listed(given)
    if (list.length < least(given)) return said.words(least(given), list.length)
    if (given.ask !== undefined && !list.includes(given.ask)) return said.among('ask', given.ask, list)
  }
  const aboutNumbers = () => {
    if (given.head !== undefined && !isCount(given.head)) return said.head(given.head)
    if (given.height !== undefined && !(isCount(given.height) && Number(given.height) > 0))
      return said.height(given.height)
  }
  const list = shows[name]
  return (
    aboutText() ??
    (list && oneOf('show', list)) ??
    (name === 'heed-attention' ? oneOf('ask', asks) : undefined) ??
    aboutNumbers() ??
    oneOf('theme', themes)
  )
}

/** Of a folder that an attribute names, with one `/` at its end; as it stands where it is no address. */
export function folderAddress(folder: string): string {
  const address = folder.replace(/\/*$/, '/')
  return URL.canParse(address, document.baseURI) ? new URL(address, document.baseURI).href : address
}

/** Models that there are none of, and a second list of models, for a page has one. */
export function wrongModel(
  { model }: Attributes,
  { folder, read, entries }: { folder: string; read?: string; entries?: readonly ModelEntry[] },
  said: Said,
): string | undefined {
  if (read !== undefined && read !== folder) return said.models(folder, read)
  if (!entries) return undefined
  const there = entries.map(({ name }) => name)
  if (model === undefined) return there.length === 0 ? said.noModels : undefined
  return there.includes(model) || isHubName(model) ? undefined : said.model(model, there)
}
