/*
 * Makes the data of heed-describe from sentences of Tatoeba: labels them (label.mjs) and holds pairs of words out.
 *
 *   npm --prefix tools/describe ci
 *   node tools/describe/make.mjs <folder with train.tsv, valid.tsv, test.tsv> <output folder>
 *
 * Of every line what stands before the first TAB is read, each sentence once. A pair is a common noun and the adjective that
 * describes it, both as lemmas; a hash of it, and nothing else, says what it is held out for (pairs.mjs): of 20 pairs about
 * one for testing and one for validation. No sentence that has both words of a held-out pair, anywhere in it, is trained on.
 *
 * In four of five sentences nothing is described. Of these one in four, by a hash of the sentence, stays in train.tsv, so that a
 * step sees more labels; the other files have all.
 *
 * train.tsv, valid.tsv, test.tsv: the sentences of these files, of train.tsv without those with held-out pairs.
 * valid-pairs.tsv: the sentences of train.tsv and valid.tsv with a label whose pair is held out for validation; test-pairs.tsv:
 * those of train.tsv and test.tsv with one that is held out for testing. No sentence with one of either kind stands in files
 * of the other.
 * valid-all.tsv: valid.tsv and valid-pairs.tsv, each sentence once, to choose settings on.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { described, isOneSentence, tagged } from './label.mjs'
import { hash, heldFor, pairOf } from './pairs.mjs'

const [from, to] = process.argv.slice(2)
const sets = ['train', 'valid', 'test']

const counts = { unlabelled: 0, sentences: 0 }
function readSentences(set) {
  const seen = new Set()
  for (const line of readFileSync(`${from}/${set}.tsv`, 'utf8').split('\n'))
    seen.add(line.split('\t')[0].trim())
  seen.delete('')
  return [...seen].flatMap((text) => {
    const tokens = tagged(text)
    const labels = isOneSentence(text) ? described(tokens) : undefined
    counts.sentences++
    if (!labels) return (counts.unlabelled++, [])
    const pairs = labels.flatMap(([word, by]) => pairOf(tokens[word], tokens[by]) ?? [])
    return [{ text, tokens, labels, pairs }]
  })
}
const read = Object.fromEntries(sets.map((set) => [set, readSentences(set)]))
const all = sets.flatMap((set) => read[set])

/** Held-out pairs: the adjectives by noun. */
const held = new Map()
for (const pair of all.flatMap(({ pairs }) => pairs).filter(heldFor)) {
  const [noun, adjective] = pair.split(' ')
  held.set(noun, (held.get(noun) ?? new Set()).add(adjective))
}
const hasHeld = ({ tokens }) => {
  const lemmas = tokens.map(({ lemma }) => lemma)
  return lemmas.some((lemma) => lemmas.some((other) => held.get(lemma)?.has(other)))
}

/** The n-th time that this word stands in the text, as heed's parser counts: `dog`, `dog#2`. */
function named({ text, tokens }, i) {
  const word = tokens[i].text
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const places = [...text.matchAll(new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'gu'))]
  const n = places.findIndex(({ index }) => index === tokens[i].start)
  return n < 0 ? undefined : n === 0 ? word : `${word}#${n + 1}`
}
function lineOf(sentence) {
  const labels = sentence.labels.map((pair) => pair.map((i) => named(sentence, i)))
  if (labels.flat().some((name) => name === undefined || /[=\t]/.test(name))) return undefined
  return [sentence.text, ...labels.map(([word, by]) => `${word}=${by}`)].join('\t')
}

mkdirSync(to, { recursive: true })
function write(name, sentences) {
  const lines = sentences.map(lineOf).filter((line) => line !== undefined)
  writeFileSync(`${to}/${name}.tsv`, `${lines.join('\n')}\n`)
  const labels = lines.reduce((sum, line) => sum + line.split('\t').length - 1, 0)
  console.log(`${name}: ${lines.length} sentences, ${labels} labels`)
}
const pairsOf = (set) => (sentence) => sentence.pairs.some((pair) => heldFor(pair) === set)
const kept = ({ text, labels }) => labels.length > 0 || hash(text) % 4 === 0
write(
  'train',
  read.train.filter((sentence) => kept(sentence) && !hasHeld(sentence)),
)
/** Nothing stands in what is chosen on and in what is reported. */
const other = { valid: 'test', test: 'valid' }
for (const set of ['valid', 'test']) {
  const without = pairsOf(other[set])
  const pairs = [...read.train, ...read[set]].filter(pairsOf(set)).filter((sentence) => !without(sentence))
  const plain = read[set].filter((sentence) => !without(sentence))
  write(set, plain)
  write(`${set}-pairs`, pairs)
  if (set === 'valid') write('valid-all', [...new Set([...plain, ...pairs])])
}
const types = new Set(all.flatMap(({ pairs }) => pairs))
const heldTypes = (set) => [...types].filter((pair) => heldFor(pair) === set).length
console.log(
  `${counts.sentences} sentences, ${counts.unlabelled} left out; ${types.size} pairs, held out: ${heldTypes('valid')} for validation, ${heldTypes('test')} for testing`,
)
console.log(`elephant large: held out for ${heldFor('elephant large') ?? 'nothing'}`)
