import type { AxiomName } from '../../engine/words-axioms'
import type { Measure } from '../../engine/words-measures'
import { numbers } from './numbers'

/** A sentence in parts: `b` are words that are data. */
export type Parts = readonly (string | { b: string })[]
const b = (word: string) => ({ b: word })

const { count } = numbers
const measure: Record<Measure, string> = {
  cosine: 'cosine',
  angular: 'angle',
  euclidean: 'Euclidean',
  manhattan: 'Manhattan',
  dot: 'dot product',
}
const listed = (names: readonly string[]) =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`

export const words = {
  count,
  measure,
  loading: (model: string) => `The words of ${model}`,
  bad: {
    title: (model: string, isOpen: boolean) =>
      isOpen ? `The words of ${model} could not be laid out` : `${model} did not open`,
    text: (message: string) => `${message}. The words that you chose are kept.`,
    again: 'Try again',
  },
  none: {
    title: (model: string) => `${model} has no words of its own`,
    text: (tokens: number) =>
      `Its ${count(tokens)} tokens are bytes or pieces: no word is one of them, so there is no map. Take a model with a vocabulary of words.`,
  },
  search: {
    label: 'Find a word',
    nothing: (typed: string) => `no whole word holds “${typed}”; Enter takes it as the mean of its pieces`,
  },
  chosen: {
    label: 'Words that are compared',
    remove: (word: string) => `Take ${word} away`,
    preset: (list: readonly string[]) => listed(list),
    empty: 'No word is chosen: find one, click one on the map, or take',
    refused: (why: string) => `Left out: ${why}`,
    spelt: (word: string, pieces: readonly string[]) =>
      `${word} is no whole word here: it is the mean of its ${pieces.length} pieces, ${pieces.join(' + ')}.`,
    by: 'Measure',
  },
  finding: {
    all: (n: number): Parts => [`${count(n)} words, as the model places them`],
    nearest: (of: string, near: string, value: string, by: Measure): Parts => [
      b(near),
      ' is nearest to ',
      b(of),
      `: ${measure[by]} ${value}`,
    ],
    pair: (one: string, other: string, value: string, by: Measure): Parts => [
      b(one),
      ' and ',
      b(other),
      `: ${measure[by]} ${value}`,
    ],
    three: (of: string, near: string, far: string, values: readonly string[], by: Measure): Parts => [
      b(of),
      ' lies nearer to ',
      b(near),
      ' than to ',
      b(far),
      `: ${measure[by]} ${values.join(' against ')}`,
    ],
    many: (of: string, near: string, far: string, values: readonly string[], by: Measure): Parts => [
      'Of the words chosen ',
      b(near),
      ' is nearest to ',
      b(of),
      ' and ',
      b(far),
      ` farthest: ${measure[by]} ${values.join(' and ')}`,
    ],
    guess: (word: string): Parts => ['Where does ', b(word), ' belong?'],
  },
  map: {
    label: (n: number) =>
      `Map of ${count(n)} words. Arrow keys move it, plus and minus zoom, 0 shows all; Enter takes the word nearest to the middle, which the line above the map names.`,
    zoom: 'Zoom',
    in: 'Zoom in',
    out: 'Zoom out',
    all: 'Show all words',
    rule: (n: number, tokens: number) =>
      `${count(n)} whole words: of ${count(tokens)} tokens those that are made of letters and stand for themselves inside a sentence. Special tokens, bytes and endings are left out; some beginnings of words are among them.`,
    directions: (n: number) => `The directions were taken from the first ${count(n)} words.`,
    shadow: (share: string, dimensions: number) =>
      `two directions of ${dimensions}; they hold ${share} of the spread`,
    kept: (kept: number, near: number, word: string) =>
      `A shadow: of the ${near} words nearest to ${word} the map shows ${kept === 0 ? 'none' : kept} among the ${near} nearest.`,
    legend: (word: string) => `cosine to ${word}`,
    readout: (rank: number) =>
      `${rank === 1 ? 'the first' : `number ${count(rank)}`} of the vocabulary’s words`,
    point: 'Point at a word: this line tells of it. A click takes it.',
  },
  table: {
    short: { ...measure, dot: 'dot' },
    title: 'Near and far, by every measure',
    all: (dimensions: number) => `Measured in all ${dimensions} dimensions.`,
    agree: (n: number, one: string, other: string): Parts => [
      `All ${n === 5 ? 'five' : n} measures agree: `,
      b(one),
      ' and ',
      b(other),
      ' are the nearest two. ',
    ],
    /** Which measures say which pair is nearest. */
    split: (groups: readonly { by: readonly Measure[]; one: string; other: string }[]): Parts => [
      'The measures do not agree. Nearest are ',
      ...groups.flatMap(({ by, one, other }, n) => [
        n > 0 ? '; ' : '',
        b(one),
        ' and ',
        b(other),
        ` by ${listed(by.map((each) => measure[each]))}`,
      ]),
      '. ',
    ],
    caption: 'Longer is farther; the nearest pair of each measure is bold.',
    dot: 'A dot product is no distance: it mixes direction and length, so it has no bar.',
    few: 'Choose a second word, and the two are compared by every measure.',
    hidden: 'Hidden while you guess.',
  },
  neighbours: {
    title: (word: string) => `Neighbours of ${word}`,
    by: (by: Measure, n: number) => `by ${measure[by]}, of ${count(n)} words`,
    ends: (to: string) => `bars from 0 to ${to}`,
  },
  guess: {
    begin: (word: string) => `Guess where ${word} lies`,
    drag: (word: string) => `Drag ${word} to where you think it belongs; arrow keys move it too.`,
    handle: (word: string) => `${word}: drag it, or move it with the arrow keys`,
    show: 'Show where it is',
    idle: 'I don’t know: show it',
    stop: 'Stop guessing',
    done: 'Done',
    again: 'Guess anew',
    /** What the guess was worth. */
    gap: (nearer: number, all: number, word: string) =>
      nearer === 0
        ? `Nothing on the map lies nearer to ${word} than your guess.`
        : `${count(nearer)} of ${count(all)} words lie nearer to ${word} than where you put it.`,
  },
  sum: {
    title: 'Arithmetic on words',
    term: { a: 'from this word', b: 'this one is taken away', c: 'and this one is added' },
    minus: '−',
    plus: '+',
    about: '≈',
    nothing: 'nothing',
    nearest: 'nearest to the result, by cosine',
    picture: (a: string, b: string, c: string, answer: string) =>
      `${a} minus ${b} plus ${c}: the arrow from ${b} to ${a}, set on ${c}, ends near ${answer}.`,
    plane: (a: string, b: string, c: string) =>
      `The plane through ${b}, ${c} and ${a}, without distortion, each word scaled to length 1.`,
    off: (answer: string, off: string) => `${answer} lies ${off} off that plane.`,
    left: 'The three words put in are left out of the list: without that rule the answer is mostly one of them.',
    go: 'Compute',
  },
  arrows: {
    title: 'Add and scale',
    few: 'Choose two words: they are added as arrows.',
    factor: 'What x is scaled by',
    sum: 'x + y',
    scaled: (c: string) => `${c} x`,
    nearSum: 'nearest to x + y',
    nearScaled: (c: string) => `nearest to ${c} x`,
    zero: 'The zero vector has no direction: nothing is nearest to it by an angle.',
    picture: (x: string, y: string, angle: string, sum: string, c: string) =>
      `${x} and ${y} as arrows ${angle} apart; x + y is ${sum} long; x is scaled by ${c}.`,
    plane: (x: string, y: string) =>
      `The plane through 0, ${x} and ${y}, without distortion: lengths and angles are the true ones.`,
    keeps: 'Scaling by a positive number turns no arrow, so by cosine the list stays as it is.',
    turns: 'A negative number turns the arrow round: what was nearest is farthest.',
    angle: 'angle',
  },
  axioms: {
    title: 'What makes it a vector space',
    holds: (n: number, exact: number) =>
      n === 8 ? `all eight rules hold, ${exact} of them exactly` : `${n} of the eight rules hold`,
    idea: 'A vector space is a set whose elements can be added together and scaled by numbers, such that these eight rules hold. If they do, everything on this page is allowed: adding, scaling, mixing, measuring.',
    on: ([u, v, w]: readonly string[]): Parts => [
      'Checked on u = ',
      b(u),
      ', v = ',
      b(v),
      ', w = ',
      b(w),
      ', by the engine in its own 32-bit numbers, with two factors:',
    ],
    rounding: 'Where the last digit is rounded, the page says so, and how far rounding alone may go.',
    open: 'Show the definition and check each rule',
    name: {
      commutes: 'adding in any order',
      associates: 'adding in any grouping',
      zero: 'a zero that changes nothing',
      opposite: 'an opposite for each',
      scalesTwice: 'scaling twice is scaling once',
      one: 'scaling by 1 changes nothing',
      scalesSums: 'scaling a sum',
      addsScales: 'adding scales',
    } satisfies Record<AxiomName, string>,
    exact: 'exact',
    within: (apart: string) => `± ${apart}`,
    fails: 'fails',
    same: (dimensions: number) => `${dimensions} numbers each, and every one is the same.`,
    apart: (dimensions: number, apart: string, bound: string) =>
      `${dimensions} numbers each. Largest difference: ${apart}; rounding explains up to ${bound}.`,
    strip: (side: string) => `${side}, a number for each dimension`,
  },
  save: {
    map: 'Save the map as SVG',
    words: 'Save all words and places as CSV',
    numbers: 'Save the numbers as JSON',
    note: (model: string, share: string) => `Words as vectors of ${model}’s embedding table. ${share}.`,
  },
}
