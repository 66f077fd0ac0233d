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
  'attention-vectors': [436, 460],
  'attention-row': [603, 619],
  'attention-scale': [603, 643],
  'attention-map': [493, 805],
  'attention-map-edit': [621, 877],
  'attention-projections': [496, 1228],
  'attention-score': [563, 701],
  'attention-mix': [531, 543],
  'attention-softmax': [562, 621],
  'words-arrows': [514, 530],
  'words-axioms': [490, 490],
  'words-place': [598, 594],
  'words-distances': [467, 503],
  heads: [701, 992],
  translate: [512, 485],
  quiz: [418, 491],
  'quiz-bank': [472, 577],
  'quiz-roles': [472, 550],
  'quiz-projections': [450, 502],
  'quiz-training': [472, 570],
  'quiz-score': [298, 282],
  'quiz-build': [1941, 2294],
}

/** px of the line that tells how a guess was; on phones it takes two. */
const TOLD = [36, 60] as const
/** px that a figure takes on phones while it asks, at most: a taller one grows when it is answered. */
const ASKING = 520

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

export function roomOf(
  kind: string,
  { height, edit, guess }: Attributes,
): readonly [wide: number, phone: number] {
  const own = Number(height)
  if (own > 0) return [own, own]
  const [wide, phone] = (edit !== undefined && rooms[`${kind}-edit`]) || (rooms[kind] ?? rooms.quiz)
  return guess === undefined ? [wide, phone] : [wide + TOLD[0], Math.min(phone + TOLD[1], ASKING)]
}
