import type { Normalizer } from '../../engine/changes'
import type { Rich } from '../rich'

/** A word, and of a piece the word that it is of. */
export interface Piece {
  text: string
  of?: string
}

const named = (role: 'q' | 'k', { text, of }: Piece): Rich => [
  role === 'q' ? { q: text } : { k: text },
  ...(of === undefined ? [] : [{ mut: ` of ${of}` }]),
]

/** What divides the scores: the root of d_k, or a number of the model's own. */
const divisor = (value: string | undefined): Rich => (value === undefined ? ['√d', { sub: 'k' }] : [value])

export const step = {
  nothing: (asks: Piece): Rich => [...named('q', asks), ' may look at nothing here.'],
  finding: (found: {
    asks: Piece
    /** Undefined: it looks at itself. */
    answers: Piece | undefined
    /** It is to be written, not read. */
    isWritten: boolean
    isMost: boolean
    /** Of its attention; undefined where weights are no shares. */
    share: string | undefined
  }): Rich => [
    found.isWritten ? 'To write ' : 'To read ',
    ...named('q', found.asks),
    `, this head looks ${found.isMost ? 'at' : 'most at'} `,
    ...named('k', found.answers ?? { text: 'itself' }),
    found.share === undefined ? '.' : `: ${found.share} of its attention.`,
  ],
  attention: 'Attention',
  head: 'Head',
  headNumber: (head: number) => `Head ${head}`,
  anotherHead: 'Take another head',
  edit: 'Edit the sentence',
  byRule: (ofWords: boolean) =>
    `of all heads here, the one with the strongest link between two ${ofWords ? 'words' : 'tokens'}`,
  toRule: 'Take the head with the strongest link',
  weight: 'weight',
  value: 'value',
  asks: 'asks',
  answers: 'answers',
  before: 'before',
  writing: 'Words being written',
  how: (sum: string, isOne: boolean) =>
    `Click a word to read from there, twice to change it. The row sums to ${sum}${isOne ? '' : ', not to 1'}.`,
  arcsFrom: (share: string) => `Arcs from ${share} on are drawn.`,
  output: 'Output',
  translated: 'Translated to',

  pin: {
    reading: 'reading',
    changes: (n: number) => `${n} change${n > 1 ? 's' : ''}`,
    reset: 'reset',
    unchanged: 'nothing changed',
  },

  vector: {
    title: 'A token is a vector',
    text: (name: string, numbers: number, layers: number, isWritten: boolean): Rich => [
      'To the model, ',
      isWritten ? 'the place where ' : '',
      { b: name },
      isWritten ? ' is to be written' : '',
      ` is ${numbers} numbers: where this token, in this place, lies in a space that the model learned`,
      layers > 0 ? `, after ${layers} ${layers === 1 ? 'layer has' : 'layers have'} added to it` : '',
      '.',
    ],
    directions: 'No single number means anything alone. Directions do.',
    norm: 'Before it is read, a norm brings it to one size.',
    numbers: (count: number) => `${count} numbers`,
    behindNorm: 'behind the norm: what the head reads',
    label: (count: number, name: string, what: string) => `The ${count} numbers of ${name}: ${what}`,
  },

  projections: {
    title: 'The same vector, read three ways',
    text: (x: string, numbers: number): Rich => [
      'Three learned matrices turn ',
      { letter: x },
      ' into a ',
      { q: 'query' },
      ', a ',
      { k: 'key' },
      ' and a ',
      { v: 'value' },
      ` of ${numbers} numbers each.`,
    ],
    bars: (x: string, hasBias: boolean): Rich => [
      'Each bar below a matrix is one of its columns, multiplied with ',
      { letter: x },
      ` and added up${hasBias ? ', and a learned number (b) on top' : ''}.`,
    ],
    cross: (asks: string, answers: string): Rich => [
      'Here the query is of ',
      { q: asks },
      ', key and value are of ',
      { k: answers },
      '.',
    ],
    turned: (isSized: boolean, isTurned: boolean) =>
      `Shown are query and key as they meet: after W, this model ${[
        isSized ? 'brings them to one size' : undefined,
        isTurned ? 'turns them by the token’s position' : undefined,
      ]
        .filter((part) => part !== undefined)
        .join(' and ')}, so their bars are not the columns’ sums.`,
    input: (x: string) => `The numbers of ${x}, from above`,
    matrix: (letter: string, rows: number, columns: number) => `W ${letter}, ${rows} by ${columns}`,
    strip: (word: string, token: string) => `${word} of ${token}`,
    words: { q: 'query', k: 'key', v: 'value' },
    what: { q: 'what it looks for', k: 'what it offers', v: 'what it passes on' },
    inW: 'in W',
  },

  score: {
    title: 'One score, opened',
    text: (asks: string, answers: string): Rich => [
      'How well does the query of ',
      { q: asks },
      ' fit the key of ',
      { k: answers },
      '? Multiply them number by number and add up.',
    ],
    largest: (of: number, brought: string, score: string): Rich => [
      `The three largest of the ${of} products bring `,
      { b: brought },
      ', all together ',
      { b: score },
      '.',
    ],
    query: (token: string) => `Query of ${token}`,
    key: (token: string) => `Key of ${token}`,
    of: (letter: 'q' | 'k', token: string): Rich => [
      letter === 'q' ? { q: letter } : { k: letter },
      ` of ${token}`,
    ],
    sameScale: 'same scale',
    products: 'Products, one by one',
    product: 'product, one by one',
    running: (score: string) => `Added up from left to right: ${score}`,
    added: 'added up, left to right',
    told: (component: number, q: string, k: string, product: string, score: string, so: string): Rich => [
      `component ${component}: `,
      { q },
      ' × ',
      { k },
      ' = ',
      { b: product },
      ` of ${score}, so far ${so}`,
    ],
  },

  scaling: {
    title: 'Scaled, to keep it calm',
    /** `divisor` is `√32 = 5.66`, or the number alone where it is no root. */
    text: (divisor: string) =>
      `The more numbers are added, the larger scores get. Dividing by ${divisor} brings them back to the same size whatever the length of the vectors.`,
    without: (answers: string, share: string, before: string): Rich => [
      'Leave it out, and ',
      { k: answers },
      ` takes ${share} instead of ${before}.`,
    ],
    label: (asks: string) => `Scores of ${asks}, before and after scaling`,
    score: 'score',
    on: 'scaled, same axis, dashed: before',
    off: 'switched off: as they are',
    withIt: (divisor: string) => `With ÷ ${divisor}`,
    withoutIt: 'Without',
    divideBy: (value: string | undefined): Rich => ['Divide by ', ...divisor(value)],
  },

  softmax: {
    title: 'Softmax makes a row of shares',
    text: (): Rich => [
      'Scores can be any number. Raise ',
      { letter: 'e' },
      ' to each, then divide by their sum: each ',
      { w: 'weight' },
      ' lies between 0 and 1, and the row adds up to 1.',
    ],
    more: 'Larger scores get larger weights, and more than in proportion.',
    label: (asks: string) => `Scores and weights of ${asks}`,
    scaled: 'scaled',
    weight: (isChanged: boolean) => `weight${isChanged ? ', dashed: before' : ''}`,
    masked: 'masked',
    normaliser: 'normaliser',
    normaliserLabel: 'Normaliser',
    temperature: 'temperature',
  },

  mixing: {
    title: 'Values, mixed by weight',
    text: (asks: string): Rich => [
      'Each token passes on its ',
      { v: 'value' },
      ', dimmed to its ',
      { w: 'weight' },
      '. The sum is what ',
      { q: asks },
      ' takes along from this head.',
    ],
    joined: 'The heads of a layer are joined, and added to the vector of step 1.',
    label: 'Values and their weights',
    strip: (token: string, weight: string) => `Value of ${token}, times ${weight}`,
    output: 'output',
    outputOf: (token: string) => `Output for ${token}: the values, each times its weight, added up`,
    unchanged: 'Output without the changes',
    scale: 'All strips on one scale: a faint strip is a small share, not a small value.',
    told: (component: number, value: string) => `component ${component} of the output: ${value}`,
  },

  map: {
    title: 'Every token at once',
    text: 'Each row is one token asking; each column one token answering. What you just walked through is the row in the frame.',
    mask: 'A mask forbids columns before softmax: the row still adds up to 1.',
    /** Of a cross-attention, whose rows are not named after the tokens that ask. */
    rows: 'rows are the words being predicted',
    here: (what: string) => `Here ${what}.`,
    maskName: 'mask',
    maskLabel: 'Mask',
    masks: { none: 'none', causal: 'causal', window: 'window', draw: 'draw it' },
    own: (mask: string) => `${mask}, the model’s`,
    draw: 'Click cells, or press Enter on them, to forbid or allow links.',
    forbidden: (links: number) => `${links} forbidden ${links === 1 ? 'link' : 'links'}`,
    oneOf: (heads: number) => `This was one head of ${heads}.`,
    save: 'Save as SVG',
  },

  readout: {
    unscaled: 'not scaled',
    forbidden: 'forbidden',
    how: 'Point at any cell: this place tells what made it.',
  },

  /** The steps between a score and its weight, and what stands below and above their column. */
  normaliser: {
    says: {
      softmax: '',
      sparsemax:
        'Sparsemax takes τ from every score so that what is left above 0 adds up to 1: weak keys get exactly nothing.',
      relu: 'Negative scores count for nothing, positive ones in proportion. A row without a positive score gets nothing.',
      sigmoid: 'Each key is weighed by itself: weights lie between 0 and 1, and rows add up to anything.',
      linear: 'The scores themselves: weights may be negative, so they are no shares of anything.',
      hardmax: 'The largest score takes all. No gradient goes through it, so nothing could be learned.',
    } satisfies Record<Normalizer, string>,
    power: 'e to that',
    rowSum: '÷ row sum',
    threshold: (tau: string) => `τ ${tau}, at least 0`,
    minusThreshold: '− τ of the row',
    atLeast: 'at least 0',
    alone: 'each alone',
    keys: (count: string) => `${count} keys`,
    byKeys: (count: string) => `÷ ${count} keys`,
    keysSeen: '÷ keys seen',
    oneOrNone: '1 or 0',
    largest: 'the largest?',
  },

  save: {
    map: 'Save the map as SVG',
    sentence: 'Save the sentence as SVG',
    csv: 'Save the numbers as CSV',
    json: 'Save the numbers as JSON',
    title: (site: string, head: number) => `${site} · head ${head}`,
    finding: (asks: string, answers: string, weight: string) => `${asks} looks at ${answers} ${weight}`,
    changed: (changes: readonly string[]) => `changed: ${changes.join(', ')}`,
    temperature: (value: number) => `temperature ${value}`,
    mask: (mask: string) => `mask: ${mask}`,
    forbidden: (links: number) => `${links} links forbidden`,
  },
}
