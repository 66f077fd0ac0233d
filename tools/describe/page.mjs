/*
 * Chooses the sentences that the studio's Train page learns from, of what make.mjs wrote: few and simple enough that a page
 * learns them in a minute.
 *
 *   node tools/describe/page.mjs <folder of make.mjs> packages/studio/public/describe
 *
 * The rule: sentences of up to 12 words and marks, all of them among the 1,500 most frequent of train.tsv, or the word
 * `elephant`, which the page's own sentence is about and which is rarer than that. All with `elephant` are taken, the others
 * in the order of their hashes: 6,000 with a label and 3,000 without to train on (train.tsv), 500 of valid-all.tsv to
 * validate with. No sentence is changed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hash } from './pairs.mjs'

const [from, to] = process.argv.slice(2)
const COMMON = 1500
const LONGEST = 12
const counts = { labelled: 6000, unlabelled: 3000, valid: 500 }
const own = 'elephant'

const read = (name) => readFileSync(`${from}/${name}.tsv`, 'utf8').split('\n').filter(Boolean)
const sentenceOf = (line) => line.split('\t')[0]
/** Words and marks as `learnWords` cuts them. */
const wordsOf = (line) =>
  sentenceOf(line)
    .toLowerCase()
    .match(/[\p{L}\p{N}]+|[^\p{L}\p{N}\s]/gu) ?? []

const train = read('train')
const frequency = new Map()
for (const word of train.flatMap(wordsOf)) frequency.set(word, (frequency.get(word) ?? 0) + 1)
const common = [...frequency].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, COMMON)
const known = new Set([...common.map(([word]) => word), own])

const isSimple = (line) => wordsOf(line).length <= LONGEST && wordsOf(line).every((word) => known.has(word))
const hasOwn = (line) => wordsOf(line).includes(own)
const byHash = (a, b) => hash(sentenceOf(a)) - hash(sentenceOf(b))
const isLabelled = (line) => line.includes('\t')

const fitting = train.filter(isSimple).sort((a, b) => Number(hasOwn(b)) - Number(hasOwn(a)) || byHash(a, b))
const chosen = [
  ...fitting.filter(isLabelled).slice(0, counts.labelled),
  ...fitting.filter((line) => !isLabelled(line)).slice(0, counts.unlabelled),
].sort(byHash)
const valid = read('valid-all').filter(isSimple).sort(byHash).slice(0, counts.valid)

mkdirSync(to, { recursive: true })
for (const [name, lines] of Object.entries({ train: chosen, valid })) {
  writeFileSync(`${to}/${name}.tsv`, `${lines.join('\n')}\n`)
  console.log(
    `${name}: ${lines.length} sentences, ${lines.flatMap((line) => line.split('\t').slice(1)).length} labels`,
  )
}
