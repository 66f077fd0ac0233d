import { type Component, mount, unmount, untrack } from 'svelte'
import Figure from './Figure.svelte'

/** What stands in an element of the article, by attribute; an attribute without a value is ''. */
export type Attributes = Readonly<Record<string, string>>
export type FigureOf = Component<{ attributes: Attributes }>

/** Elements of the article that are figures; the code of each kind is loaded when the first of them is near. */
const kinds: Readonly<Record<string, () => Promise<{ default: FigureOf }>>> = {
  'heed-attention': () => import('./Attention.svelte'),
  'heed-words': () => import('./Words.svelte'),
  'heed-heads': () => import('./Heads.svelte'),
  'heed-translate': () => import('./Translate.svelte'),
  'heed-quiz': () => import('./Quiz.svelte'),
}

/** An attachment: makes figures of the elements in a text that name one. */
export function figures(text: Element): () => void {
  const made = [...text.querySelectorAll(Object.keys(kinds).join())].map((target) => {
    const attributes = Object.fromEntries([...target.attributes].map(({ name, value }) => [name, value]))
    const name = target.localName
    const kind = [name.slice('heed-'.length), attributes.ask ?? attributes.show ?? attributes.questions]
    const props = { kind: kind.filter(Boolean).join('-'), attributes, load: kinds[name] }
    return untrack(() => mount(Figure, { target, props }))
  })
  return () => made.forEach((figure) => void unmount(figure))
}
