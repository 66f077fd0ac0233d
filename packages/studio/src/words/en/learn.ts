import { numbers } from './numbers'

const percent = (share: number): string =>
  share > 0 && share < 0.005 ? 'under 1%' : `${Math.round(100 * share)}%`

const anyOf = (list: readonly string[]): string => `${list.slice(0, -1).join(', ')} or ${list.at(-1)}`

/** What the article's page says beside the article itself, which is docs/article/en.md. */
export const learn = {
  parts: 'Parts of the article',
  part: (n: number, of: number, minutes: number) =>
    `Part ${n} of ${of} · ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`,
  read: (n: number, of: number) => (n === 0 ? `${of} parts, half an hour` : `${n} of ${of} parts read`),
  isRead: 'read',
  list: 'All parts',
  save: 'Save the article as Markdown',
  figure: {
    failed: 'This figure did not come',
    noCode: 'The server gave no answer, or another version of it. Load the page anew.',
    again: 'Try again',
    waiting: 'The model is being read.',
    coming: (done: number, total: number) =>
      total > 1e5
        ? `${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB of the model.`
        : `${done} of ${total}.`,
    open: 'Open in the studio',
    reset: 'Back to the model’s own',
    of: (model: string, site: string, head: number) => `${model}, ${site}, head ${head}`,
    tooLong: (tokens: number, limit: number) => `${tokens} tokens; this figure takes ${limit}. Shorten it.`,
    empty: 'Type a sentence of at least two words.',
    sentence: 'Sentence',
    go: 'Read it',
    weight: 'weight',
  },
  wrong: {
    title: 'This figure cannot be shown',
    text: 'It has no text. Give it one: text="The elephant is very large."',
    words: (least: number, count: number) =>
      `It needs ${least} words or more and has ${count}. Give them: words="dog cat television"`,
    oneOf: (attribute: string, value: string, list: readonly string[]) =>
      `${attribute}="${value}" is none of ${list.join(', ')}.`,
    among: (attribute: string, value: string, list: readonly string[]) =>
      `${attribute}="${value}" is not among its words: ${list.join(', ')}.`,
    head: (value: string) => `head="${value}" is no head: heads are numbers from 0.`,
    height: (value: string) => `height="${value}" is no height: give pixels, height="480".`,
    noModels: 'The list of models is empty.',
    model: (value: string, there: readonly string[]) =>
      `There is no model “${value}” here; there ${there.length === 1 ? 'is' : 'are'} ${there.join(', ')}, and those of the hub, org/name.`,
    models: (folder: string, read: string) =>
      `models="${folder}": the elements of a page have one list of models, which is ${read} already.`,
    token: (attribute: string, value: string, there: readonly string[]) =>
      `${attribute}="${value}" is no token of its text; there are ${there.map((token) => `“${token}”`).join(', ')}.`,
    tooLong: (tokens: number, limit: number) => `The text has ${tokens} tokens; this figure takes ${limit}.`,
    site: (value: string, there: readonly string[]) =>
      `site="${value}" is none of its model, which has ${there.join(', ')}.`,
    noHead: (value: string, count: number) => `There is no head ${value}: heads are 0 to ${count - 1}.`,
    question: (value: string, there: readonly string[]) =>
      `There is no question “${value}”; there are ${there.join(', ')}.`,
  },
  row: {
    title: (word: string) => `Paint it: where should ${word} look?`,
    scaleTitle: (word: string) => `Paint it: the row of ${word} without the division`,
    label: (word: string) => `How ${word} divides its attention: columns that add up to 1`,
    compared: 'Your row beside the other',
    column: (word: string) => word,
    share: (share: number, isPainted: boolean) => (isPainted ? percent(share) : 'not painted yet'),
    both: (word: string, yours: string, truth: string, name: string) =>
      `${word}: yours ${yours}, ${name} ${truth}`,
    asks: 'asks',
    yours: 'your guess',
    model: 'the model',
    without: 'without the division',
    as: (root: number) => `with ÷ √${root}, as it is`,
    how: 'Drag in the columns, or take the arrow keys. They always add up to 1.',
    sums: 'Adds up to 1, always.',
    show: 'Show',
    unknown: 'I don’t know',
    again: 'Paint again',
    elsewhere: (far: number) => `${percent(far)} of your attention sits elsewhere.`,
    flat: (far: number) => `A flat row: ${percent(far)} of it sits elsewhere.`,
    near: (far: number) => (far === 0 ? 'Exactly so.' : `Nearly so: ${percent(far)} sits elsewhere.`),
    gave: (word: string, yours: string, truth: string, where: string) =>
      `Most of the difference is at ${word}: you gave it ${yours}; ${where} it gets ${truth}.`,
    in: { model: 'in the model', without: 'without the division' },
  },
  show: {
    vectors: (numbers: number) => `Each word as ${numbers} numbers`,
    map: 'Who looks at whom',
    projections: (word: string) => `The same ${word}, read three ways`,
    score: (asks: string, answers: string) => `The score of ${asks} and ${answers}, opened`,
    scale: 'With the division and without',
    softmax: 'From scores to shares',
    mix: (word: string) => `What ${word} takes along`,
  },
  vectors: {
    label: (word: string) => `The numbers of ${word}`,
    idle: 'Point at a square: this line tells its number.',
    tells: (word: string, at: number, value: string) => `${word}, number ${at}: ${value}`,
    legend: 'number',
  },
  /** What figures ask before they show; the answers in the order that engine/guesses.ts has. */
  guess: {
    twice: {
      ask: (word: string, times: number) =>
        times === 2
          ? `The word ${word} stands there twice. Will its two rows be the same?`
          : `The word ${word} stands there ${times} times. Will the first two of its rows be the same?`,
      options: ['the same', 'alike, but not the same', 'not alike'],
    },
    sum: {
      ask: (x: string, y: string) => `How long is ${x} + ${y}, compared with the lengths of both together?`,
      options: ['shorter', 'exactly as long', 'longer'],
    },
    exact: {
      ask: (rules: number) => `How many of the ${rules} rules will hold to the last digit?`,
      options: ['all', 'some', 'none'],
    },
    agree: {
      ask: (ways: number, word: string, others: readonly string[]) =>
        `Do all ${ways} ways to measure agree which is ${others.length === 2 ? 'nearer' : 'nearest'} to ${word}: ${anyOf(others)}?`,
      options: ['yes', 'no'],
    },
    back: {
      ask: (asks: string, answers: string) =>
        `Does ${answers} look at ${asks} as much as ${asks} looks at ${answers}?`,
      options: ['less', 'about as much', 'more'],
    },
    most: { ask: (word: string) => `Where will ${word} look most?` },
    likeness: {
      ask: (word: string, numbers: number) =>
        `Query and key of ${word} are made from the same ${numbers} numbers. Will they be alike?`,
      options: ['alike', 'little to do with each other', 'opposite'],
    },
    products: {
      ask: (d: number) => `How many of the ${d} products, the largest first, come to half of the score?`,
      options: ['one', 'two or three', 'four or more'],
    },
    nearest: { ask: (word: string) => `Whose value will the output of ${word} be most like?` },
    kept: {
      ask: (tokens: number) =>
        `Sparsemax cuts small shares to 0. How many of the ${tokens} tokens will keep one?`,
      options: ['one', 'two or three', 'four or more'],
    },
    heads: {
      ask: (heads: number, asks: string, answers: string) =>
        `In how many of the ${heads} heads does ${asks} look most at ${answers}?`,
      options: ['in none', 'in one', 'in several', 'in all'],
    },
    order: {
      ask: 'Each German word has an English one that it looks at most. In which order do they come?',
      options: ['in the order of the English sentence', 'in another order', 'most look at the same word'],
    },
  },
  words: {
    arrows: (x: string, y: string) => `${x} + ${y}, as arrows`,
    lengths: (x: string, y: string, sum: string, both: string) =>
      `${x} and ${y} long, ${both} together. The sum is ${sum}.`,
    flat: 'Both lie in one plane, drawn without distortion; dashed, what the slider makes of the first.',
    factor: 'scaled by',
    axioms: 'The eight rules, on real words',
    on: (u: string, v: string, w: string, s: string, t: string) =>
      `u = ${u}, v = ${v}, w = ${w}, s = ${s}, t = ${t}`,
    distances: 'Near and far, in five ways',
    fields: 'Words to compare',
    compare: 'Compare',
    place: (word: string) => `Where does ${word} belong?`,
    drag: (word: string) => `Drag ${word} to its place; arrow keys move it too.`,
    handle: (word: string) => `${word}: drag it, or move it with the arrow keys`,
    plane: (share: string, dimensions: number, count: number) =>
      `${numbers.count(count)} words as dots. Two directions of ${dimensions}; they hold ${share} of the spread.`,
    picture: (word: string, others: string) => `A plane of words with ${others}; ${word} is to be put on it`,
    nearer: (nearer: number, count: number, word: string) =>
      nearer === 0
        ? `No word lies nearer to ${word} than where you put it.`
        : `${numbers.count(nearer)} of ${numbers.count(count)} words lie nearer to ${word} than where you put it.`,
    again: 'Put it anew',
    unknown: (word: string) => `That is where ${word} lies.`,
    none: 'This model does not know these words.',
  },
  heads: {
    title: (count: number) => `${count} heads, side by side`,
    head: (head: number) => `head ${head}`,
    looks: (query: string, key: string, weight: string) => `strongest: ${query} → ${key} ${weight}`,
  },
  translate: {
    title: 'Which English word each German word looks at',
    how: 'Click a German word to see its row. Click an English one to hide it from the writing half.',
    before: (output: string) => `Without anything hidden: ${output}`,
    after: (output: string) => `With it hidden: ${output}`,
  },
}
