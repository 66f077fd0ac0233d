/** What an element says, by attribute; an attribute without a value is ''. */
export type Attributes = Readonly<Record<string, string>>

/** The elements that are figures. */
export const names = ['heed-attention', 'heed-words', 'heed-heads', 'heed-translate', 'heed-quiz'] as const
export type Name = (typeof names)[number]

/** All that an element reads; `models` and `studio` are addresses. */
export const attributeNames = [
  'text',
  'model',
  'site',
  'head',
  'show',
  'ask',
  'query',
  'key',
  'edit',
  'guess',
  'words',
  'question',
  'questions',
  'height',
  'theme',
  'models',
  'studio',
] as const

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

/** What a figure shows when it does not say. */
const usual: Readonly<Partial<Record<Name, string>>> = { 'heed-attention': 'map', 'heed-words': 'distances' }

/** What a figure is called: by its element, and what it asks or shows. */
export const kindOf = (name: Name, { ask, show, question, questions }: Attributes): string =>
  [
    name.slice('heed-'.length),
    name === 'heed-words' && ask ? 'place' : (ask ?? show ?? question ?? questions ?? usual[name]),
  ]
    .filter(Boolean)
    .join('-')

export function roomOf(kind: string, { height }: Attributes): readonly [wide: number, phone: number] {
  const own = Number(height)
  return own > 0 ? [own, own] : (rooms[kind] ?? rooms.quiz)
}
