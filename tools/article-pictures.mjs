// The pictures of the article for where it does not run: node tools/article-pictures.mjs; needs a build.
import { writeFile } from 'node:fs/promises'
import { attentionInputs, capture, inputActivations, see } from 'heed/lens'
import {
  drawnAxes,
  drawnMap,
  fixed,
  gridSvg,
  headGroups,
  linesSvg,
  mapSvg,
  signed,
  textSvg,
  tokenLabels,
  weight2,
  weight3,
  wordsSvg,
} from 'heed/look'
import { loadModel } from 'heed/models'
import {
  add,
  cosineSimilarity,
  dot,
  norm,
  pca,
  scale,
  subtract,
  VectorTable,
  wholeWords,
  wordVectors,
} from 'heed/vectors'
import { arrows, ledger, plane, strips } from './article-drawing.mjs'

const folder = new URL('../docs/article/pictures/', import.meta.url)
const write = (name, svg) => writeFile(new URL(`${name}.svg`, folder), svg)
const text = 'The elephant is very large.'

const describe = await loadModel('heed-describe')
const seen = await see(describe, text)
const [first] = seen.maps
const map = drawnMap(seen, first)
await write('map', mapSvg(map))
const query = map.queries.findIndex((token) => token.text.includes('elephant'))
await write(
  'row',
  textSvg({ ...map, title: 'How elephant divides its attention', note: undefined }, { query }),
)
const two = await see(describe, 'The small dog saw a large elephant.')
await write('map-two', mapSvg(drawnMap(two, two.maps[0])))
await write(
  'heads',
  gridSvg({
    title: `The ${seen.maps.length} heads of heed-describe`,
    note: text,
    // Of each head its largest weight.
    groups: headGroups(seen, ({ weights }) => Math.min(1, Math.max(...weights.flatMap((row) => [...row])))),
    measure: { name: 'largest weight', max: 1 },
  }),
)

// From vectors to an output, number by number.
const site = 'layers.0.self'
const look = (text) =>
  capture(describe, text, { sites: [site, ...inputActivations(describe, site)], values: true })
/** What the layer is given of each token: D numbers. */
async function vectorsOf(looked) {
  const { queries, keys } = attentionInputs(describe, looked, site)
  const [, , D] = keys.stream.shape
  const stream = await keys.stream.data()
  for (const { read, stream } of [queries, keys]) for (const t of [read, stream]) t.dispose()
  return Array.from({ length: stream.length / D }, (_, i) => stream.slice(i * D, (i + 1) * D))
}
const twice = await look('The large dog saw the large elephant.')
const rows = await vectorsOf(twice)
const tokens = tokenLabels(drawnAxes(twice.of, { site, queries: 'source', keys: 'source' }).keys)
twice.dispose()
await write(
  'vectors',
  strips({
    title: `Each word as ${rows[0].length} numbers`,
    description: `${tokens.length} rows of ${rows[0].length} cells, one for each token: ${tokens.join(', ')}.`,
    rows: tokens.map((label, i) => ({ label, values: rows[i] })),
    remark: 'What heed-describe has of each word at the beginning: which word it is, and its place.',
  }),
)

const looked = await look(text)
const xs = await vectorsOf(looked)
const D = xs[0].length
const labels = tokenLabels(map.keys)
const kept = looked.attention(site)
const [, , H, d] = kept.q.shape
/** Of one head, a row for each token: x [1, T, H, d]. */
const headRows = async (x, head) => {
  const list = await x.data()
  return labels.map((_, i) => list.slice((i * H + head) * d, (i * H + head + 1) * d))
}
const [q, k, v] = await Promise.all([kept.q, kept.k, kept.v].map((x) => headRows(x, 0)))
const word = labels[query]
await write(
  'projections',
  strips({
    title: `The same ${word}, read three ways`,
    description: `The ${D} numbers of ${word}, and the ${d} of its query, its key and its value in head 0.`,
    rows: [
      { label: 'x', values: xs[query] },
      { label: 'q = x W_Q', values: q[query], role: 'q', gap: 12 },
      { label: 'k = x W_K', values: k[query], role: 'k' },
      { label: 'v = x W_V', values: v[query], role: 'v' },
    ],
    remark: `heed-describe, head 0: ${D} numbers become ${d}, by three matrices.`,
  }),
)

const answers = labels.indexOf('large')
const products = q[query].map((x, c) => x * k[answers][c])
const score = products.reduce((a, b) => a + b, 0)
const strong = [...products].map(Math.abs).sort((a, b) => b - a)
await write(
  'score',
  strips({
    title: `The score of ${word} and ${labels[answers]}, opened`,
    description: `${d} numbers of the query of ${word}, ${d} of the key of ${labels[answers]}, and their products, which add up to ${fixed(score)}.`,
    rows: [
      { label: `q of ${word}`, values: q[query], role: 'q' },
      { label: `k of ${labels[answers]}`, values: k[answers], role: 'k' },
      { label: 'product', values: products, note: `= ${fixed(score)}`, gap: 12 },
    ],
    remark: `heed-describe, head 0. The three largest of the ${d} products: ${strong
      .slice(0, 3)
      .map((x) => fixed(x))
      .join(', ')}.`,
  }),
)

const mixed = await looked.map(site, 0).row(query)
const out = v[0].map((_, c) => mixed.reduce((sum, w, j) => sum + w * v[j][c], 0))
await write(
  'mix',
  strips({
    title: `What ${word} takes along`,
    description: `The values of all tokens with their weights (${labels.map((label, j) => `${label} ${weight3(mixed[j])}`).join(', ')}), and the output, their sum.`,
    rows: [
      ...labels.map((label, j) => ({ label, values: v[j], role: 'v', note: `· ${weight3(mixed[j])}` })),
      { label: 'sum', values: out, note: 'output', gap: 12 },
    ],
    remark: `heed-describe, head 0: each value times its weight in the row of ${word}.`,
  }),
)

// The head that is of two minds.
const [q1, k1] = await Promise.all([kept.q, kept.k].map((x) => headRows(x, 1)))
const scores = k1.map((key) => q1[query].reduce((sum, x, c) => sum + x * key[c], 0))
const divided = scores.map((x) => x / Math.sqrt(d))
const softmax = (list) => {
  const top = Math.max(...list)
  const powers = list.map((x) => Math.exp(x - top))
  const sum = powers.reduce((a, b) => a + b)
  return powers.map((x) => x / sum)
}
const [weights, undivided] = [softmax(divided), softmax(scores)]
await write(
  'scale',
  ledger({
    title: `The row of ${word}, with the division and without`,
    description: labels
      .map((label, j) => `${label}: ${weight2(weights[j])} with, ${weight2(undivided[j])} without`)
      .join('; '),
    words: labels,
    asks: query,
    columns: [
      { name: `weights with ÷ √${d}`, values: weights, write: weight2, most: 1 },
      { name: 'weights without', values: undivided, write: weight2, most: 1 },
    ],
    remark: 'heed-describe, head 1. In both columns a bar of 1 would reach to its number.',
  }),
)
const powers = divided.map(Math.exp)
const reach = Math.max(...divided.map(Math.abs))
await write(
  'softmax',
  ledger({
    title: 'From scores to shares',
    description: labels
      .map((label, j) => `${label}: score ${signed(divided[j])}, weight ${weight2(weights[j])}`)
      .join('; '),
    words: labels,
    asks: query,
    columns: [
      { name: 'score ÷ √d', values: divided, write: signed, least: -reach, most: reach },
      { name: 'e to that', values: powers, write: (x) => (x < 0.005 ? '<.01' : fixed(x)) },
      { name: '÷ their sum: weight', values: weights, write: weight2, most: 1 },
    ],
    remark: `heed-describe, head 1, the row of ${word}. The sum is ${fixed(powers.reduce((a, b) => a + b))}.`,
  }),
)
looked.dispose()
describe.dispose()

const translator = await loadModel('heed-en-de')
const translated = await see(translator, text)
const aligns = `decoder.${translator.generation.alignmentLayer}.cross`
const heads = translated.maps.filter((head) => head.site === aligns)
/** Of all heads, cell by cell. */
const mean = heads[0].weights.map((row, i) =>
  Array.from(row, (_, j) =>
    Math.min(1, heads.reduce((sum, { weights }) => sum + weights[i][j], 0) / heads.length),
  ),
)
await write(
  'translation',
  linesSvg(drawnMap(translated, { ...heads[0], weights: mean }, `mean of ${heads.length} heads`), {
    layout: 'horizontal',
  }),
)

// Its words as vectors.
const embedding = translator.weights[translator.embedding]
const table = new VectorTable(await embedding.data(), embedding.shape[1])
const vectors = Object.fromEntries(
  wordVectors(['dog', 'cat', 'television'], translator.tokenizer, table).map(({ word, vector }) => [
    word,
    vector,
  ]),
)
const { dog, cat } = vectors
const sum = add(dog, cat)
/** In the plane that dog and cat span, dog along the first axis. */
const along = scale(dog, 1 / norm(dog))
const across = subtract(cat, scale(along, dot(cat, along)))
const upwards = scale(across, 1 / norm(across))
const flat = (x) => [dot(x, along), dot(x, upwards)]
await write(
  'arrows',
  arrows({
    title: 'dog + cat, as arrows',
    description: `dog is ${fixed(norm(dog))} long, cat ${fixed(norm(cat))}, their sum ${fixed(norm(sum))}.`,
    list: [
      { from: flat(dog), to: flat(sum), isDashed: true },
      { from: flat(cat), to: flat(sum), isDashed: true },
      { name: 'dog', to: flat(dog) },
      { name: 'cat', to: flat(cat) },
      { name: 'dog + cat', to: flat(sum), isStrong: true },
    ],
    remark: `${fixed(norm(dog))} and ${fixed(norm(cat))} long, ${fixed(norm(dog) + norm(cat))} together. The sum is ${fixed(norm(sum))}.`,
  }),
)

const whole = wholeWords(translator.tokenizer, table)
const spread = pca(whole.words.map((_, row) => whole.table.row(row)))
const share = spread.explained[0] + spread.explained[1]
const held = `Two directions of ${table.width}; they hold ${fixed(100 * share, 1)} % of the spread.`
const names = Object.keys(vectors)
const placeOf = (word) => [...spread.project(vectors[word])]
await write(
  'plane',
  plane({
    title: 'Where television lies',
    description: `${whole.words.length} words as dots of a plane; dog, cat and television by name.`,
    dots: spread.coordinates,
    named: names.map((word) => ({ word, place: placeOf(word) })),
    remark: `${whole.words.length.toLocaleString('en')} words of heed-en-de as dots. ${held}`,
  }),
)
await write(
  'distances',
  wordsSvg({
    title: 'dog, cat, television',
    note: `heed-en-de; ${whole.words.length} words gave the directions`,
    words: names,
    measure: 'cosine',
    values: names.map((one) => names.map((other) => cosineSimilarity(vectors[one], vectors[other]))),
    write: signed,
    filled: true,
    places: names.map(placeOf),
    share,
    dimensions: table.width,
  }),
)
translator.dispose()
