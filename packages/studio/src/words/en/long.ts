import { numbers } from './numbers'

const count = (n: number) => numbers.count(Math.round(n))
const size = (bytes: number) =>
  bytes < 1e6
    ? `${Math.ceil(bytes / 1e3)} KB`
    : bytes < 1e9
      ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
      : `${(bytes / 1e9).toFixed(1)} GB`
const seconds = (s: number) => (s < 90 ? `${Math.max(1, Math.round(s))} s` : `${Math.round(s / 60)} min`)
const span = ([start, end]: readonly [number, number]) =>
  end - start === 1 ? count(start) : `${count(start)} to ${count(end - 1)}`

export const long = {
  count,
  intro: {
    title: 'A long text, and any part of its map',
    text: 'A map of 30,000 tokens has 900 million weights. None is kept: each that you look at is computed then, exactly, from queries, keys and two numbers a row.',
    label: 'Text',
    hint: 'Type or paste a text, or drop a file here.',
    file: 'Choose a file',
    sample: (characters: number) => `${count(characters)} made-up characters`,
    samples: 'or a sample, in which every sentence comes twice',
    again: 'Take it out',
    characters: (n: number, name?: string) => `${name ? `${name}: ` : ''}${count(n)} characters`,
    read: 'Read it',
    back: 'Back to the map',
    counting: 'Counting tokens …',
    lost: 'The text of this address is not here',
    lostText:
      'Long texts stay in the tab that they were put into; an address names them only. Put the text in once more.',
    notText: (name: string) => `${name} is not a text: it holds bytes that are no UTF-8. Choose a text file.`,
    tooLarge: (name: string, bytes: number) =>
      `${name} has ${size(bytes)}; this page takes texts of up to 20 MB. Cut it into parts.`,
  },
  cost: {
    tokens: (n: number, model: string) => `${count(n)} tokens for ${model}`,
    held: (bytes: number, held: number, sites: number) =>
      `Takes ${size(bytes)} of memory: q, k and two numbers a row of ${
        held === sites
          ? sites === 1
            ? 'its attention'
            : `all ${sites} attentions`
          : `one attention of ${sites}, the others would be too much at once`
      }.`,
    whole: (tokens: number) => `The map of one head, written out, would take ${size(4 * tokens * tokens)}.`,
  },
  tooLong: {
    title: (tokens: number, model: string, limit: number) =>
      `${count(tokens)} tokens; ${model} reads ${count(limit)}`,
    text: 'Nothing was cut off. Read a part of it, or with a model that has more positions.',
    first: (limit: number) => `Read the first ${count(limit)}`,
    other: (model: string) => `Open ${model}`,
    another: 'Take another text',
  },
  reading: {
    title: (tokens: number | undefined) =>
      tokens === undefined ? 'Reading' : `Reading ${count(tokens)} tokens`,
    fetching: (model: string) => `Fetching ${model}`,
    begins: 'The model reads the text once.',
    tokens: (done: number, rate?: number, left?: number) =>
      `${count(done)} read${rate === undefined ? '' : `, ${count(rate)} a second`}${left === undefined ? '' : `, about ${seconds(left)} to go`}.`,
    layers: (done: number, total: number) => `${done} of ${total} layers.`,
    stop: 'Stop',
    failed: 'The model did not read it',
    kept: (message: string) => `${message}. Your text is kept.`,
    again: 'Try again',
  },
  head: {
    site: 'Attention',
    head: 'Head',
    named: (n: number) => `Head ${n}`,
    another: 'Another text',
    read: (tokens: number, bytes: number) => `${count(tokens)} tokens, ${size(bytes)} held`,
  },
  finding: {
    waiting: (tokens: number) => `${count(tokens)} tokens look at one another.`,
    none: (apart: number) =>
      apart > 1 ? `This head links nothing over ${count(apart)} tokens or more.` : 'This head links nothing.',
    at: 'At',
    looks: 'this head looks back at',
    looksOn: 'this head looks ahead at',
    far: (tokens: number) => `${count(tokens)} ${tokens === 1 ? 'token' : 'tokens'} away`,
    weight: (share: string) => `${share} of its attention`,
  },
  map: {
    label: (tokens: number) =>
      `Map of ${count(tokens)} queries by ${count(tokens)} keys. Arrow keys move, plus and minus zoom, 0 shows all, Enter selects; what is pointed at is told beside it.`,
    asks: 'asks',
    answers: 'answers',
    nearer: 'Nearer',
    farther: 'Farther',
    whole: 'Whole map',
    cells: 'a pixel is a weight',
    pixel: (side: number, pool: 'max' | 'mean') =>
      `a pixel is the ${pool === 'max' ? 'largest' : 'mean'} of ${side} × ${side} weights`,
    computing: (missing: number) => `${missing} ${missing === 1 ? 'tile' : 'tiles'} to come`,
    written: 'Weights from .10 are written.',
    help: 'Wheel or pinch to zoom, drag to move. What is shaded is not computed yet.',
    pools: [
      ['max', 'largest'],
      ['mean', 'mean'],
    ] as readonly (readonly ['max' | 'mean', string])[],
    poolLabel: 'A pixel shows',
    scales: [
      ['linear', '0 to 1'],
      ['log', 'logarithmic'],
    ] as readonly (readonly ['linear' | 'log', string])[],
    scaleLabel: 'Scale of colours',
    weight: (pool: 'max' | 'mean', isCell: boolean): string =>
      isCell ? 'weight' : pool === 'max' ? 'largest weight' : 'mean weight',
    log: 'logarithmic axis',
    failed: 'This part of the map did not come',
  },
  readout: {
    nothing: 'Point at the map: this place tells who asks and who answers.',
    block: (rows: readonly [number, number], cols: readonly [number, number]) =>
      `queries ${span(rows)}, keys ${span(cols)}`,
    value: (pool: 'max' | 'mean'): string => (pool === 'max' ? 'largest weight' : 'mean weight'),
    one: 'this link',
    asks: (n: number) => `asks, token ${count(n)}`,
    answers: (n: number) => `answers, token ${count(n)}`,
    product: 'q·k',
    score: 'score',
    largest: '− row’s largest',
    each: 'e to that',
    sum: '÷ row sum',
    weight: 'weight',
    forbidden: 'forbidden',
    special: 'special token',
  },
  links: {
    title: 'Strongest links',
    apart: 'at least this far apart',
    aparts: (n: number) => (n === 1 ? 'any distance' : `${count(n)} tokens`),
    progress: (share: number) => `${Math.floor(100 * share)}% of the map looked through`,
    done: (weights: number) => `of ${count(weights)} weights`,
    rule: (near: number) =>
      `Of links within ${near} tokens of one another the strongest stands for all. Special tokens, and the first token of a causal model, are left out.`,
    none: (apart: number) =>
      apart > 1
        ? `No weight at ${count(apart)} tokens or more. Choose a smaller distance.`
        : 'No weight above 0.',
    columns: ['weight', 'asks', 'answers', 'apart'],
  },
  worth: {
    title: 'Does it matter?',
    text: 'A map shows where a head looks. Take the head away, read the text again, and see how much worse the model foretells it.',
    ask: (head: number) => `Read without head ${head}`,
    reading: (stage: string): string =>
      stage === 'without' ? 'Reading without the head' : 'Reading as it is',
    found: (before: string, after: string, change: string) =>
      `Loss ${before} → ${after} nats a token (${change}).`,
    missed: 'Missed most at',
    place: (token: number) => `token ${count(token)}`,
    care: 'One head of one text. Others may do its work when it is gone: heed ablate takes several away at once.',
    cannot: 'Only models that say what comes next can be asked: this one does not.',
    failed: 'It could not be measured',
  },
  save: {
    map: 'Save the whole map as SVG',
    cells: 'Save the cells in view as SVG',
    csv: 'Save the strongest links as CSV',
    json: 'Save the strongest links as JSON',
    title: (site: string, head: number) => `${site} · head ${head}`,
  },
}
