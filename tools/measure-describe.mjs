/*
 * Measures how well a model says which word describes which, and what its heads look at: the numbers in
 * models/heed-describe/README.md.
 *
 *   npm --prefix tools/describe ci
 *   node tools/describe/make.mjs <folder of Tatoeba's sentences> <data>
 *   node tools/measure-describe.mjs [model] --data <data> [--sets test-pairs,test]
 *
 * Everything is measured over all labelled sentences of the sets, with the labels of tools/describe/label.mjs.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { enableRelaxedSimd, useBackend } from 'heed'
import { ablate, capture, replacePattern } from 'heed/lens'
import { loadModel } from 'heed/models'
import { parseLabelled } from 'heed/train'
import { tagged } from './describe/label.mjs'
import { heldFor, pairOf } from './describe/pairs.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string' }, sets: { type: 'string', default: 'test-pairs,test' } },
})
enableRelaxedSimd()
await useBackend('wasm', { threads: 1 }) // sentences are short
const model = await loadModel(positionals[0] ?? 'heed-describe')
const { tokenizer } = model
const none = tokenizer.idOf('[NONE]')

const within = (place) => (token) => token.start < place.end && place.start < token.end
/** The sentences of a set: tokens, and for each the token that describes it. */
function read(set) {
  const sentences = parseLabelled(readFileSync(`${values.data}/${set}.tsv`, 'utf8'), set)
  return sentences.flatMap(({ text, labels }) => {
    const { ids, tokens } = tokenizer.encode(text, { parseSpecials: false })
    if (ids.length > model.maxPositions) return []
    const words = tagged(text)
    const at = (place) => tokens.findLastIndex(within(place))
    const wordAt = (place) => words.findLast(within(place))
    const by = new Map()
    const held = new Set()
    for (const label of labels) {
      by.set(at(label.word), at(label.by))
      const pair = pairOf(wordAt(label.word), wordAt(label.by))
      if (pair !== undefined && heldFor(pair) !== undefined) held.add(at(label.word))
    }
    const tagOf = (token) => words.findLast(within(token))?.tag
    return [{ text, ids, tokens, by, held, tags: tokens.map(tagOf) }]
  })
}

/** What is said at each token, by token id. */
async function answers({ text, ids }, interventions) {
  const said = new Int32Array(ids.length).fill(none)
  for (const { position, by } of await model.describe(text, { with: interventions })) said[position] = by.id
  return said
}
const alwaysNone = ({ ids }) => new Int32Array(ids.length).fill(none)
/** At every noun, name and personal pronoun the nearest adjective of the sentence, where it has one. */
const pronouns = new Set(['i', 'you', 'he', 'she', 'we', 'they'])
function nearest({ ids, tokens, tags, text }) {
  const said = new Int32Array(ids.length).fill(none)
  const adjectives = tags.flatMap((tag, i) => (tag === 'ADJ' ? [i] : []))
  if (adjectives.length === 0) return said
  tokens.forEach(({ start, end }, i) => {
    if (!['NOUN', 'PROPN'].includes(tags[i]) && !pronouns.has(text.slice(start, end).toLowerCase())) return
    said[i] = ids[adjectives.toSorted((a, b) => Math.abs(a - i) - Math.abs(b - i) || a - b)[0]]
  })
  return said
}

const kinds = ['held-out pairs', 'described', 'before the word', 'behind it', 'none', 'all']
/** Right answers and cases, by kind of word. */
async function accuracy(sentences, say) {
  const tally = Object.fromEntries(kinds.map((kind) => [kind, { right: 0, all: 0 }]))
  for (const sentence of sentences) {
    const said = await say(sentence)
    sentence.ids.forEach((_, i) => {
      const by = sentence.by.get(i)
      const right = said[i] === (by === undefined ? none : sentence.ids[by])
      const of = [
        'all',
        ...(by === undefined ? ['none'] : ['described', by < i ? 'before the word' : 'behind it']),
      ]
      if (sentence.held.has(i)) of.push('held-out pairs')
      for (const kind of of) {
        tally[kind].all++
        if (right) tally[kind].right++
      }
    })
  }
  return kinds
    .filter((kind) => tally[kind].all > 0)
    .map(
      (kind) => `${kind} ${((100 * tally[kind].right) / tally[kind].all).toFixed(1)} % of ${tally[kind].all}`,
    )
    .join(', ')
}

/** Mean weights of every head: from a described word to its adjective, to the nearest verb, to itself, to all else. */
async function looks(sentences) {
  const sums = new Map()
  let [words, verbs, most] = [0, 0, new Map()]
  for (const { text, by, tags } of sentences) {
    if (by.size === 0) continue
    const seen = await capture(model, text)
    const isVerb = tags.flatMap((tag, i) => (tag === 'VERB' || tag === 'AUX' ? [i] : []))
    for (const [word, adjective] of by) {
      words++
      const [verb] = isVerb.toSorted((a, b) => Math.abs(a - word) - Math.abs(b - word) || a - b)
      if (verb !== undefined) verbs++
      for (const site of model.sites)
        for (let head = 0; head < model.heads; head++) {
          const name = `${site} ${head}`
          const row = await seen.map(site, head).row(word)
          const sum = sums.get(name) ?? { adjective: 0, verb: 0, itself: 0, behind: 0, behindCount: 0 }
          sums.set(name, sum)
          sum.adjective += row[adjective]
          sum.itself += row[word]
          if (verb !== undefined) sum.verb += row[verb]
          if (adjective > word) {
            sum.behind += row[adjective]
            sum.behindCount++
          }
          if (row.indexOf(Math.max(...row)) === adjective) most.set(name, (most.get(name) ?? 0) + 1)
        }
    }
    seen.dispose()
  }
  console.log(`  heads, over ${words} described words, ${verbs} of them in a sentence with a verb`)
  for (const [name, { adjective, verb, itself, behind, behindCount }] of sums) {
    const before = (adjective - behind) / (words - behindCount)
    const [a, b, c, v, i] = [adjective / words, before, behind / behindCount, verb / verbs, itself / words]
    console.log(
      `  ${name}: adjective ${a.toFixed(3)} (before ${b.toFixed(3)}, behind ${c.toFixed(3)}), verb ${v.toFixed(3)}, ` +
        `itself ${i.toFixed(3)}; most weight on the adjective at ${((100 * (most.get(name) ?? 0)) / words).toFixed(1)} %`,
    )
  }
}

for (const set of values.sets.split(',')) {
  const sentences = read(set)
  const unknown = sentences.flatMap(({ ids, by }) =>
    [...by].filter(([word, adjective]) => [ids[word], ids[adjective]].includes(tokenizer.unkId)),
  )
  const tokens = sentences.flatMap(({ ids }) => [...ids])
  const unk = tokens.filter((id) => id === tokenizer.unkId).length
  console.log(
    `${set}: ${sentences.length} sentences, ${tokens.length} tokens, ${unk} unknown; ${unknown.length} labels with an unknown word`,
  )
  const show = async (name, say) => console.log(`  ${name}: ${await accuracy(sentences, say)}`)
  await show('the model', answers)
  await show('always none', alwaysNone)
  await show('the nearest adjective', nearest)
  const changed = (name, ...with_) => show(name, (sentence) => answers(sentence, with_))
  await changed('uniform attention', ...model.sites.map((site) => replacePattern(site, 'uniform')))
  await changed('all heads zero', ...model.sites.map((site) => ablate(site)))
  for (const site of model.sites)
    for (let head = 0; head < model.heads; head++) await changed(`${site} ${head} zero`, ablate(site, head))
  await looks(sentences)
}
for (const text of ['The elephant is very large.', 'I gave the tall man a red apple.'])
  console.log(
    JSON.stringify(text),
    (await model.describe(text))
      .map(({ text, by }) => `${text}: ${by.text} ${by.probability.toFixed(3)}`)
      .join(', '),
  )
model.dispose()
