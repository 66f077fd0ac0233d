/*
 * Measures how a language model over bytes copies, and which heads do it: the numbers in models/heed-copy/README.md.
 *
 *   node tools/measure-copy.mjs [model] [--sentences file] [--heads]
 *
 * --sentences: a text a line (what stands before a TAB); without it ordinary sentences are not measured. --heads: the heads alone.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { attentionTile, enableRelaxedSimd, gated, scope, tensor, useBackend } from 'heed'
import { loadModel, padIds, Run } from 'heed/models'
import { randomSequences } from 'heed/train'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sentences: { type: 'string' }, heads: { type: 'boolean' } },
})
enableRelaxedSimd()
await useBackend('wasm')
const model = await loadModel(positionals[0] ?? 'heed-copy')
const start = model.tokenizer.bosId
/** Of the sequences here; training draws from another. */
const SEED = 20261128
const kinds = ['bytes', 'characters', 'words', 'script']
const random = (kind, length) => randomSequences({ length, seed: SEED, kinds: [kind] })

/** Of every row whether each of its ids is the most likely one after those before it. */
async function hits(rows, interventions) {
  const run = new Run(model, { with: interventions })
  const logits = scope(() => model.logits(run, padIds(rows, 0))).keep()
  const [, T, V] = logits.shape
  const data = await logits.data()
  logits.dispose()
  const best = (at) => {
    let id = 0
    for (let v = 1; v < V; v++) if (data[at * V + v] > data[at * V + id]) id = v
    return id
  }
  return rows.map((row, b) => row.map((id, t) => t > 0 && best(b * T + t - 1) === id))
}

/** Right guesses within a segment that stands at some places of a row; its first byte is not counted. */
class Tally {
  right = 0
  all = 0
  add(hits, at, length) {
    for (let i = 1; i < length; i++) this.right += hits[at + i]
    this.all += length - 1
  }
  toString() {
    return `${((100 * this.right) / this.all).toFixed(1)} % of ${this.all}`
  }
}

/** Accuracy in the first and the second of two copies with a gap between them. */
async function copies(segments, gapOf = () => [], interventions = []) {
  const [first, second] = [new Tally(), new Tally()]
  const gaps = segments.map((_, n) => gapOf(n))
  const rows = segments.map((segment, n) => [start, ...segment, ...gaps[n], ...segment])
  const size = Math.max(1, Math.floor(4096 / rows[0].length))
  for (let from = 0; from < rows.length; from += size)
    for (const [i, found] of (await hits(rows.slice(from, from + size), interventions)).entries()) {
      const [{ length }, gap] = [segments[from + i], gaps[from + i]]
      first.add(found, 1, length)
      second.add(found, 1 + length + gap.length, length)
    }
  return { first, second }
}
const segments = (kind, length, count) =>
  Array.from({ length: count }, (_, n) => [...random(kind, length)(n)])

async function accuracy() {
  console.log(
    'Two copies of a random segment, one after the other: right next bytes in the first and in the second',
  )
  for (const kind of kinds)
    for (const length of [4, 8, 16, 32, 64, 100]) {
      const { first, second } = await copies(segments(kind, length, 100))
      console.log(`  ${kind}, ${length} bytes: ${first}; ${second}`)
    }

  if (values.sentences) {
    const lines = readFileSync(values.sentences, 'utf8').split('\n').slice(0, 500)
    const texts = lines.map((line) => line.split('\t')[0]).filter((text) => text !== '')
    const ids = (text) => [...model.tokenizer.encodeIds(text, { addSpecials: false })]
    console.log(`Two copies of a sentence with a space between them (${texts.length} sentences)`)
    const space = () => ids(' ')
    const show = async (name, some) => {
      const { first, second } = await copies(some.map(ids), space)
      console.log(`  ${name} (${some.length}): ${first}; ${second}`)
    }
    await show('all', texts)
    for (const [low, high] of [
      [0, 20],
      [20, 30],
      [30, 50],
      [50, 1000],
    ]) {
      const some = texts.filter((text) => ids(text).length >= low && ids(text).length < high)
      if (some.length > 0) await show(`${low} to ${high - 1} bytes`, some)
    }
  }

  console.log('Two copies of 64 bytes of made-up words, other words between them')
  for (const distance of [0, 100, 150, 250, 500, 1000, 2000, 4000, 8000, 16_000, 29_000]) {
    const count = distance > 5000 ? 2 : 20
    const gap = random('words', Math.max(1, distance))
    const { second } = await copies(segments('words', 64, count), (n) =>
      [...gap(1000 + n)].slice(0, distance),
    )
    console.log(`  ${distance} bytes between: ${second}`)
  }
}
if (!values.heads) await accuracy()

/** Scores of every head, by site: over repeated sequences, `<s>` and two copies of `length` random bytes. */
async function scores(length, count) {
  const sums = new Map()
  for (const segment of segments('bytes', length, count)) {
    const row = [start, ...segment, ...segment]
    const maps = new Map()
    const attention = ({ site, q, k, m, l, options }) => {
      for (let head = 0; head < model.heads; head++)
        maps.set(`${site} ${head}`, attentionTile({ q, k, m, l, options, head }).keep())
    }
    scope(() => model.hidden(new Run(model, { observers: [{ attention }] }), padIds([row], 0)))
    for (const [name, map] of maps) {
      const [w, T] = [await map.data(), row.length]
      map.dispose()
      const mean = (from, back) => {
        let sum = 0
        for (let i = from; i < T; i++) sum += w[i * T + i - back]
        return sum / (T - from)
      }
      const sum = sums.get(name) ?? { own: 0, previous: 0, induction: 0, start: 0 }
      sums.set(name, sum)
      sum.previous += mean(1, 1) / count
      sum.own += mean(0, 0) / count
      sum.induction += mean(1 + length, length - 1) / count
      for (let i = 1; i < T; i++) sum.start += w[i * T] / (T - 1) / count
    }
  }
  return sums
}

/** Replaces the output of some heads, named `site head`, by zeros. */
function zero(names) {
  const heads = new Map()
  for (const name of names) {
    const [site, head] = name.split(' ')
    const activation = model.activations.find(
      (a) => a.endsWith('heads') && a.startsWith(site.replace(/self$/, '')),
    )
    heads.set(activation, [...(heads.get(activation) ?? []), Number(head)])
  }
  return [...heads].map(([site, zeroed]) => ({
    sites: site,
    activation(_, x) {
      const [, , H, D] = x.shape
      const kept = Float32Array.from({ length: x.size }, (_, i) =>
        zeroed.includes(Math.floor(i / D) % H) ? 0 : 1,
      )
      return gated(tensor(kept, x.shape), x, 'relu')
    },
  }))
}

console.log(
  'Heads, on <s> and two copies of 50 random bytes: mean attention, and accuracy in the second copy without it',
)
const table = await scores(50, 20)
const cases = { bytes: segments('bytes', 50, 50), words: segments('words', 50, 50) }
const without = async (names) => {
  const parts = []
  for (const [kind, some] of Object.entries(cases))
    parts.push(`${kind} ${(await copies(some, undefined, zero(names))).second}`)
  return parts.join(', ')
}
console.log(`  none zeroed: ${await without([])}`)
for (const [name, { own, previous, induction, start }] of table) {
  const [o, p, i, s] = [own, previous, induction, start].map((x) => x.toFixed(3))
  console.log(
    `  ${name}: own ${o}, previous ${p}, induction ${i}, start ${s}; zeroed: ${await without([name])}`,
  )
}
const induction = [...table].filter(([, { induction }]) => induction > 0.5).map(([name]) => name)
const others = [...table.keys()].filter((name) => !induction.includes(name))
const pairs = others.flatMap((a, n) => others.slice(n + 1).map((b) => [a, b]))
for (const pair of pairs) console.log(`  ${pair.join(' and ')} zeroed: ${await without(pair)}`)
for (const [what, names] of Object.entries({ 'induction heads': induction, others }))
  if (names.length > 0) console.log(`  all ${what} (${names.join(', ')}) zeroed: ${await without(names)}`)

for (const text of [
  'The quick zebra Vixo jumps. The quick zebra V',
  'My name is Katharina Oberhuber. Please write it down: Katharina O',
])
  console.log(JSON.stringify([text, await model.complete(text, { maxTokens: 20 })]))
model.dispose()
