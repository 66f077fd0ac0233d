import type { Params } from '../../app/address'
import { isSample, sample } from './sample'

/** A text that is read here: what it is called, and where it came from. */
export interface Doc {
  id: string
  text: string
  /** Of a file. */
  name?: string
}

/** Longer texts are no part of the address: they stay in this tab, and the address names them. */
const IN_ADDRESS = 1500

/** A name that follows from the text alone: 53 bits of cyrb53 (public domain, by bryc), as 11 letters. */
export function idOf(text: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36).padStart(11, '0')
}

export const docOf = (text: string): Doc => ({ id: idOf(text), text })

/** What keeps texts of this tab over a reload; sessionStorage of a browser. */
export interface Shelf {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

const slot = (id: string) => `heed-text-${id}`

/** The texts of this tab. The one put there last stays, also where the browser keeps nothing. */
export class Texts {
  #last: Doc | undefined

  constructor(readonly shelf: Shelf | undefined) {}

  /** Keeps a text, and gives the parameters of an address for it. */
  put(doc: Doc): Record<'text' | 'doc', string | undefined> {
    const { text } = doc
    if (isSample(doc.id)) return { text: undefined, doc: doc.id }
    if (text.length <= IN_ADDRESS) return { text, doc: undefined }
    const before = this.#last
    this.#last = doc
    try {
      if (before && before.id !== doc.id) this.shelf?.removeItem(slot(before.id))
      this.shelf?.setItem(slot(doc.id), JSON.stringify(doc))
    } catch {
      // No room in the browser: it stays until the page is loaded anew.
    }
    return { text: undefined, doc: doc.id }
  }

  /** The text of an address; `lost` where it names one that is not here. */
  of({ text, doc: id }: Params): Doc | 'lost' | undefined {
    if (text !== undefined) return text.trim() === '' ? undefined : docOf(text)
    if (id === undefined) return undefined
    if (this.#last?.id === id) return this.#last
    if (isSample(id)) return { id, text: sample(id) }
    const kept = this.shelf?.getItem(slot(id))
    if (!kept) return 'lost'
    try {
      const { text, name } = JSON.parse(kept) as Doc
      this.#last = { id, text: String(text), ...(typeof name === 'string' && { name }) }
      return this.#last
    } catch {
      return 'lost'
    }
  }
}
