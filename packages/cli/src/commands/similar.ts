import { type Command, Option } from 'commander'
import { HeedError } from 'heed'
import { wordsSvg } from 'heed/look'
import { norm, pca, scale, type WordVector } from 'heed/vectors'
import { type Embeddings, openEmbeddings } from '../embeddings.js'
import { interruptible } from '../interrupt.js'
import { dtypeOption, type ModelFlags, modelOption, wholeNumber } from '../options.js'
import { checkPictures, pictureOptions, type PictureFlags, writePicture } from '../pictures.js'
import {
  analogyWords,
  type Found,
  judgeTriplets,
  measureNames,
  measures,
  nearestWords,
  type Pair,
  pairsOf,
  valuesOf,
  vectorsOf,
  type WordMeasure,
  writeValue,
} from '../similarity.js'
import { screen } from '../terminal/screen.js'
import { table } from '../terminal/table.js'
import { renderFound, renderMatrix, renderPairs } from '../terminal/words.js'

interface SimilarFlags extends ModelFlags, PictureFlags {
  metric: WordMeasure
  nearest?: number
  analogy?: true
  triplets?: string
  json?: true
}

/** Pairs that are listed with every measure. */
const LISTED = 12
const ANSWERS = 5

export function addSimilar(program: Command): void {
  program
    .command('similar')
    .description('measure how near words are as vectors: the rows of the embedding table')
    .argument('[words...]', 'two words or more; with --nearest one is enough')
    .addOption(modelOption())
    .addOption(dtypeOption())
    .addOption(
      new Option('--metric <metric>', 'what fills the matrix and says what is near')
        .choices(measures)
        .default('cosine'),
    )
    .option(
      '--nearest <k>',
      'also list the k whole words of the vocabulary nearest to each word',
      wholeNumber(1),
    )
    .option('--analogy', 'read three words a b c, and list what is nearest to a − b + c')
    .option('--triplets <file>', 'count how many lines hold: anchor TAB near TAB far')
    .option('--json', 'print one JSON document and nothing else')
    .addOption(pictureOptions.svg)
    .addOption(pictureOptions.png)
    .addOption(pictureOptions.theme)
    .addHelpText(
      'after',
      `
A word is encoded as it stands inside a sentence, after a space. Its vector is
its row of the embedding table; a word of several tokens is the mean of their
rows. Whole words are tokens made of letters that encode back to themselves;
some are only beginnings of words, which a vocabulary does not tell.

Metrics: cosine (-1 to 1) and dot, where larger is nearer; angular (in degrees,
in JSON radians) and euclidean, where smaller is nearer. An analogy is scored by
cosine, its three words scaled to length 1 and never an answer (3CosAdd). A
triplet holds when anchor and near are nearer than near and far.

Examples:
  heed similar dog cat television
  heed similar dog --nearest 10
  heed similar dog cat house tree --metric euclidean --svg words.svg
  heed similar --analogy went go come
  heed similar --triplets triplets.tsv
  heed similar dog cat --json`,
    )
    .action(runSimilar)
}

async function runSimilar(words: string[], flags: SimilarFlags, command: Command): Promise<void> {
  checkArguments(words, flags, command)
  await interruptible(async (signal) => {
    const pictures = await checkPictures(flags)
    const embeddings = await openEmbeddings(flags, signal)
    const { json, lines, draw } =
      flags.triplets !== undefined
        ? await triplets(embeddings, flags, flags.triplets)
        : flags.analogy
          ? analogy(embeddings, flags, words)
          : await similarities(embeddings, flags, words)
    const written: string[] = []
    for (const file of pictures) if (draw) written.push(await writePicture(file, draw()))
    process.stdout.write(flags.json ? `${JSON.stringify(json)}\n` : `${lines.join('\n')}\n`)
    for (const line of written) process.stderr.write(`${line}\n`)
  })
}

/** A wrong number of words ends with 2, as commander's own errors do; options that exclude each other with 1. */
function checkArguments(words: readonly string[], flags: SimilarFlags, command: Command): void {
  const { triplets, analogy, nearest, metric } = flags
  const drawn = flags.svg !== undefined || flags.png !== undefined
  if (triplets !== undefined && (words.length > 0 || analogy || nearest !== undefined || drawn))
    throw new HeedError(
      'option',
      '--triplets reads its words from the file: give it with --metric and --json alone',
    )
  if (analogy && (metric !== 'cosine' || drawn))
    throw new HeedError(
      'option',
      '--analogy goes by cosine and has no picture: leave --metric, --svg and --png out',
    )
  const wrong = (message: string): never => command.error(`error: ${message}`, { exitCode: 2 })
  if (triplets !== undefined) return
  if (analogy) {
    if (words.length !== 3)
      wrong(
        `--analogy takes three words a b c, for a − b + c; got ${words.length}: heed similar --analogy went go come`,
      )
  } else if (words.length === 0)
    wrong("missing required argument 'words'; give two or more: heed similar dog cat television")
  else if (words.length === 1 && nearest === undefined)
    wrong('one word has nothing to be compared with; give more, or --nearest 10')
}

/** The same for programs and for people. */
interface Answer {
  json: object
  lines: string[]
  /** The picture, where there is one. */
  draw?: () => string
}

const tokensOf = ({ tokenizer }: Embeddings, { word, ids }: WordVector) => ({
  word,
  tokens: ids.map((id) => ({ id, text: tokenizer.decode([id]) })),
})

async function similarities(embeddings: Embeddings, flags: SimilarFlags, given: string[]): Promise<Answer> {
  const { metric } = flags
  const words = vectorsOf(embeddings, given)
  const names = words.map(({ word }) => word)
  const near =
    flags.nearest === undefined ? undefined : nearestWords(embeddings, words, metric, flags.nearest)
  const values = valuesOf(metric, words)
  const pairs = pairsOf(words, metric)
  const { columns, style, strong, quiet } = screen()
  const title = headline(names, pairs, metric)

  const lines = words.length > 1 ? strong(title) : []
  for (const { word, ids } of words.filter(({ ids }) => ids.length > 1))
    lines.push(...quiet(spelling(embeddings, word, ids)))
  if (words.length > 1) {
    lines.push('', ...renderMatrix(names, values, metric, columns, style))
    const listed = pairs.slice(0, LISTED)
    const which =
      listed.length < pairs.length ? `the ${LISTED} nearest of ${pairs.length} pairs; --json has all` : ''
    lines.push('', ...strong('By every measure'), ...(which ? quiet(which) : []))
    lines.push(...renderPairs(names, listed, columns, style))
  }
  near?.found.forEach((found, i) => {
    if (lines.length > 0) lines.push('')
    lines.push(
      ...strong(`Nearest to ${names[i]} by ${measureNames[metric]}`),
      ...renderFound(found, metric, columns, style),
    )
  })
  if (near)
    lines.push(...quiet(`of ${near.among.toLocaleString('en')} whole words; heed similar --help says which`))

  const json = {
    model: flags.model,
    metric,
    words: words.map((word) => tokensOf(embeddings, word)),
    ...Object.fromEntries(measures.map((measure) => [measure, valuesOf(measure, words)])),
    ...(near && { among: near.among, nearest: names.map((word, i) => ({ word, found: near.found[i] })) }),
  }
  return { json, lines, draw: () => picture(embeddings, flags, words, near, title) }
}

function headline(names: readonly string[], pairs: readonly Pair[], metric: WordMeasure): string {
  if (pairs.length === 0) return `The words nearest to ${names[0]} by ${measureNames[metric]}`
  const { a, b, values } = pairs[0]
  const value = `${measureNames[metric]} ${writeValue(metric, values[metric])}`
  return pairs.length === 1
    ? `${names[a]} and ${names[b]}: ${value}`
    : `${names[a]} and ${names[b]} are the nearest of ${names.length} words: ${value}`
}

/** How a word of several tokens is spelt. */
function spelling({ tokenizer }: Embeddings, word: string, ids: readonly number[]): string {
  const pieces = ids.map((id) => tokenizer.decode([id]).trim())
  // Parts of a character show as U+FFFD: their number says more.
  const spelt = pieces.some((piece) => piece.includes('\uFFFD'))
    ? ''
    : `: ${pieces.map((piece) => piece || '·').join(' + ')}`
  return `${word} is the mean of ${ids.length} tokens${spelt}`
}

function picture(
  { table }: Embeddings,
  { model, metric, theme }: SimilarFlags,
  words: readonly WordVector[],
  near: Found | undefined,
  title: string,
): string {
  // By cosine and angle only the direction counts, so the map shows directions.
  const ofDirection = metric === 'cosine' || metric === 'angular'
  const given = new Set(words.filter(({ ids }) => ids.length === 1).map(({ ids }) => ids[0]))
  const others = new Map(
    near?.found.flat().flatMap(({ id, word }): [number, string][] => (given.has(id) ? [] : [[id, word]])),
  )
  const vectors = [...words.map(({ vector }) => vector), ...Array.from(others.keys(), (id) => table.row(id))]
  const { coordinates, explained } = pca(ofDirection ? vectors.map((v) => scale(v, 1 / norm(v))) : vectors)
  const places = coordinates.map(([x, y]) => [x, y] as const)
  const note = `Words as vectors of ${model}'s embedding table. The map shows${ofDirection ? ' directions (each vector scaled to length 1)' : ' the vectors'} along their two main components.`
  return wordsSvg(
    {
      title,
      note,
      words: words.map(({ word }) => word),
      measure: measureNames[metric],
      values: valuesOf(metric, words),
      write: (value) => writeValue(metric, value),
      filled: metric === 'cosine',
      places: places.slice(0, words.length),
      others: Array.from(others.values(), (text, i) => ({ text, place: places[words.length + i] })),
      share: explained[0] + explained[1],
      dimensions: table.width,
    },
    { theme },
  )
}

function analogy(embeddings: Embeddings, flags: SimilarFlags, given: readonly string[]): Answer {
  const words = vectorsOf(embeddings, given)
  const [a, b, c] = words.map(({ word }) => word)
  const { among, found } = analogyWords(embeddings, words, flags.nearest ?? ANSWERS)
  const { columns, style, strong, quiet } = screen()
  const lines = [
    ...strong(`${a} − ${b} + ${c} ≈ ${found[0][0]?.word ?? 'nothing'}`),
    ...words
      .filter(({ ids }) => ids.length > 1)
      .flatMap(({ word, ids }) => quiet(spelling(embeddings, word, ids))),
    ...renderFound(found[0], 'cosine', columns, style),
    ...quiet(`by cosine, of ${among.toLocaleString('en')} whole words without the three given`),
  ]
  const json = {
    model: flags.model,
    metric: 'cosine',
    analogy: { a, b, c },
    words: words.map((word) => tokensOf(embeddings, word)),
    among,
    found: found[0],
  }
  return { json, lines }
}

async function triplets(
  embeddings: Embeddings,
  { model, metric }: SimilarFlags,
  file: string,
): Promise<Answer> {
  const all = await judgeTriplets(embeddings, file, metric)
  const failed = all.filter(({ holds }) => !holds)
  const { columns, strong, quiet, style } = screen()
  const name = measureNames[metric]
  const value = (x: number) => writeValue(metric, x, 3)
  const rows = failed.map(({ anchor, near, far, nearValue, farValue }) => [
    value(nearValue),
    value(farValue),
    `${anchor} ${near} ${far}`,
  ])
  const lines = [
    ...strong(`${all.length - failed.length} of ${all.length} triplets hold`),
    ...quiet(`one holds when anchor and near are nearer than near and far, by ${name}`),
  ]
  if (failed.length > 0)
    lines.push(
      '',
      ...strong(failed.length === 1 ? 'One fails' : `${failed.length} fail`),
      ...table([['near', 'far', 'anchor near far'], ...rows], {
        columns,
        align: ['right', 'right', 'left'],
        paint: (text, row) => (row === 0 ? style.quiet(text) : text),
      }),
    )
  return {
    json: { model, metric, total: all.length, holding: all.length - failed.length, triplets: all },
    lines,
  }
}
