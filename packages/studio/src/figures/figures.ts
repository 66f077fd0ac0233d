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

/** px that figures take, on wide screens and on phones: kept free before they come, so that the text is not pushed about. */
const rooms: Readonly<Record<string, readonly [wide: number, phone: number]>> = {
  'attention-vectors': [368, 392],
  'attention-row': [603, 619],
  'attention-scale': [603, 643],
  'attention-map': [493, 805],
  'attention-projections': [494, 1222],
  'attention-score': [563, 701],
  'attention-mix': [531, 543],
  'attention-softmax': [531, 593],
  'words-arrows': [494, 506],
  'words-axioms': [490, 490],
  'words-place': [598, 594],
  'words-distances': [467, 479],
  heads: [681, 953],
  translate: [488, 441],
  quiz: [418, 491],
  'quiz-bank': [472, 577],
  'quiz-roles': [472, 550],
  'quiz-projections': [450, 502],
  'quiz-training': [472, 570],
  'quiz-score': [298, 282],
  'quiz-build': [1941, 2294],
}

/** What a figure is called: by its element, and what it asks or shows. */
const kindOf = (name: string, { ask, show, question, questions }: Attributes): string =>
  [
    name.slice('heed-'.length),
    name === 'heed-words' && ask ? 'place' : (ask ?? show ?? question ?? questions),
  ]
    .filter(Boolean)
    .join('-')

/** An attachment: makes figures of the elements in a text that name one. */
export function figures(text: Element): () => void {
  const made = [...text.querySelectorAll(Object.keys(kinds).join())].map((target) => {
    const attributes = Object.fromEntries([...target.attributes].map(({ name, value }) => [name, value]))
    const name = target.localName
    const kind = kindOf(name, attributes)
    const props = { kind, room: rooms[kind] ?? rooms.quiz, attributes, load: kinds[name] }
    return untrack(() => mount(Figure, { target, props }))
  })
  return () => made.forEach((figure) => void unmount(figure))
}
