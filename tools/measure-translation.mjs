/*
 * Measures how well a translator translates, and how well its cross-attention finds the word that it is translating: the numbers
 * in models/heed-en-de/README.md.
 *
 *   node tools/measure-translation.mjs [model] --lexicon lexicon.tsv --valid valid.tsv --test test.tsv [--threads n]
 *
 * Data are lines of a source TAB its references; BLEU is of all of them, with the model's own settings and greedy.
 *
 * A line of the lexicon is an English word TAB its German word. A case is a source and an English word of the lexicon that
 * stands in it. A case whose German word does not stand in the model's own translation is left out and counted. Otherwise
 * the row that predicts the German word's first piece is looked at: weights are summed over the pieces of each source word
 * (the source split at white space; special tokens are left out), and the case is right when the largest sum is that of a
 * word which holds the English one. Words are runs of letters, compared as the lexicon writes them; the first of a sentence
 * may have a capital. Where the German word stands twice the first counts.
 *
 * The layer is the one that is right most often on the valid sources, mean of heads, the earlier of equals.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { enableRelaxedSimd, useBackend } from 'heed'
import { see } from 'heed/lens'
import { loadModel, translateIds } from 'heed/models'
import { bleu } from 'heed/text'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    lexicon: { type: 'string' },
    valid: { type: 'string' },
    test: { type: 'string' },
    threads: { type: 'string', default: '1' },
  },
})
enableRelaxedSimd()
await useBackend('wasm', { threads: Number(values.threads) })
const model = await loadModel(positionals[0] ?? 'heed-en-de')

const lines = (file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))
const lexicon = lines(values.lexicon)

/** The words of a text, with where they begin, each as the lexicon might write it. */
function wordsOf(text) {
  const found = [...text.matchAll(/\p{L}+/gu)]
  return found.map(({ 0: word, index: start }, n) => ({
    start,
    forms: n === 0 ? [word, word[0].toLowerCase() + word.slice(1)] : [word],
  }))
}
const placesOf = (text, word) =>
  wordsOf(text).flatMap(({ start, forms }) => (forms.includes(word) ? [start] : []))

/** Which word, split at white space, each token of a text belongs to; special tokens to none. */
function wordNumbers(text, tokens) {
  const words = [...text.matchAll(/\S+/gu)].map(({ 0: word, index }) => ({
    start: index,
    end: index + word.length,
  }))
  return {
    words,
    numbers: tokens.map(({ start, end }) =>
      end > start ? words.findIndex((w) => w.start < end && start < w.end) : -1,
    ),
  }
}

const layers = Array.from({ length: model.config.decoder_layers }, (_, layer) => layer)
const heads = Array.from({ length: model.heads }, (_, head) => head)
const nameOf = (layer, head) => `decoder.${layer}.cross ${head ?? 'mean'}`

/** What the model makes of a file, as ids, and its BLEU. */
async function translated(file, options) {
  const pairs = lines(file)
  const sources = pairs.map(([source], n) => ({ n, ids: model.sourceIds(source) }))
  sources.sort((a, b) => a.ids.length - b.ids.length)
  const targets = []
  for (let i = 0; i < sources.length; i += 64) {
    const some = sources.slice(i, i + 64)
    const ids = some.map(({ ids }) => ids)
    for (const [m, { tokens }] of (await translateIds(model, ids, options)).entries())
      targets[some[m].n] = tokens
  }
  const outputs = targets.map((tokens) => model.tokenizer.decode(tokens))
  const references = pairs.map(([, ...references]) => references)
  return { targets, score: bleu(outputs, references).score }
}

/** Of the sources of a file: BLEU, cases, cases left out, and right ones by layer and head. */
async function measure(file) {
  const sources = lines(file).map(([source]) => source)
  const greedy = await translated(file, { beam: 1 })
  const own = await translated(file)
  console.log(`${file}: BLEU ${own.score.toFixed(2)}, greedy ${greedy.score.toFixed(2)}`)
  const asked = sources.flatMap((source, n) => {
    const words = lexicon.flatMap(([english, german]) => {
      const places = placesOf(source, english)
      return places.length > 0 ? [{ english, german, places }] : []
    })
    return words.length > 0 ? [{ source, words, target: own.targets[n] }] : []
  })
  const right = new Map(
    layers.flatMap((layer) => [undefined, ...heads].map((head) => [nameOf(layer, head), 0])),
  )
  let [cases, leftOut, none] = [0, 0, 0]
  for (const { source, words, target } of asked) {
    const output = model.tokenizer.decode(target)
    const found = words.flatMap(({ german, ...word }) => {
      const [place] = placesOf(output, german)
      if (place === undefined) leftOut++
      return place === undefined ? [] : [{ ...word, place }]
    })
    if (found.length === 0) none++
    else {
      const { maps, tokens } = await see(model, source, { target, sites: 'decoder.*.cross' })
      const { words, numbers } = wordNumbers(source, tokens.source)
      for (const { places, place } of found) {
        cases++
        const row = tokens.target.findIndex(({ start, end }) => start <= place && place < end) - 1
        const isRight = (weights) => {
          const sums = words.map(() => 0)
          for (const [j, word] of numbers.entries()) if (word >= 0) sums[word] += weights[j]
          const { start, end } = words[sums.indexOf(Math.max(...sums))]
          return places.some((place) => start <= place && place < end)
        }
        for (const layer of layers) {
          const rows = maps
            .filter(({ site }) => site === `decoder.${layer}.cross`)
            .map(({ weights }) => weights[row])
          const mean = rows[0].map((_, j) => rows.reduce((sum, weights) => sum + weights[j], 0) / rows.length)
          for (const [head, weights] of [[undefined, mean], ...rows.entries()])
            if (isRight(weights)) right.set(nameOf(layer, head), right.get(nameOf(layer, head)) + 1)
        }
      }
    }
  }
  console.log(
    `${file}: ${sources.length} sources, ${asked.length} with a word of the lexicon; ${cases} cases, ` +
      `${leftOut} more left out, whose German word is not in the translation (${none} sources have no other)`,
  )
  for (const [name, count] of right)
    console.log(`  ${name}: ${count} of ${cases} right (${((100 * count) / cases).toFixed(1)} %)`)
  return right
}

const valid = await measure(values.valid)
const best = layers.reduce((a, b) => (valid.get(nameOf(b)) > valid.get(nameOf(a)) ? b : a))
console.log(
  `the layer chosen on ${values.valid}: decoder.${best}.cross; alignment layer of heed tune: decoder.${model.generation.alignmentLayer}.cross`,
)
await measure(values.test)
model.dispose()
