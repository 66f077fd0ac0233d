/*
 * What --dtype f16 and int8 cost in quality, and what they save: the tables of docs/models.md. After `npm ci`:
 *
 *   node tools/dtypes.mjs --pairs test.tsv
 *   node tools/dtypes.mjs --pairs test.tsv --encoder all-MiniLM-L6-v2 --triplets triplets.tsv
 *
 * The first is of heed-en-de: BLEU of greedy translations of the first --sentences pairs (500), and how far the logits of
 * the first 100 reference translations move. The second is of a sentence encoder: cosines between vectors of the first
 * 200 sources, and `heed similar --triplets`. Every dtype is loaded in a process of its own, which tells its memory.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { currentBackend, scope, useBackend } from 'heed'
import { loadModel, Run, translationBatch } from 'heed/models'
import { bleu } from 'heed/text'
import { readPairs } from 'heed/train'
import { cosineSimilarity } from 'heed/vectors'

const options = {
  pairs: { type: 'string' },
  sentences: { type: 'string', default: '500' },
  encoder: { type: 'string' },
  triplets: { type: 'string' },
  dtype: { type: 'string' },
}
const { values: flags } = parseArgs({ options })
const dtypes = ['f32', 'f16', 'int8']
const name = flags.encoder ?? 'heed-en-de'
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]

if (flags.dtype) console.log(JSON.stringify(await measure(flags.dtype)))
else for (const dtype of dtypes) console.log(dtype, inProcess(dtype))

function inProcess(dtype) {
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2), '--dtype', dtype]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

async function measure(dtype) {
  await useBackend('wasm', { relaxed: true })
  const before = { rss: process.resourceUsage().maxRSS, inUse: currentBackend().bytesInUse }
  const model = await loadModel(name, { dtype })
  const megabytes = (bytes) => Number((bytes / 1e6).toFixed(1))
  const size = {
    weights: megabytes(currentBackend().bytesInUse - before.inUse),
    peakOfLoading: megabytes((process.resourceUsage().maxRSS - before.rss) * 1024),
    loadSeconds: await loadTime(dtype),
  }
  const { pairs } = await readPairs(flags.pairs)
  const exact = await loadModel(name)
  const quality = flags.encoder
    ? await ofEncoder(exact, model, pairs, dtype)
    : await ofTranslator(exact, model, pairs)
  return { ...size, ...quality }
}

/** Of the processor, median of five: other work on the machine does not count. */
async function loadTime(dtype) {
  const seconds = []
  for (let i = 0; i < 5; i++) {
    const start = process.cpuUsage()
    const model = await loadModel(name, { dtype })
    const { user, system } = process.cpuUsage(start)
    seconds.push((user + system) / 1e6)
    model.dispose()
  }
  return Number(median(seconds).toFixed(2))
}

async function ofTranslator(exact, model, pairs) {
  const some = pairs.slice(0, Number(flags.sentences))
  const outputs = async (m) =>
    m.translate(
      some.map(({ source }) => source),
      { beam: 1, onTooLong: () => undefined },
    )
  const [expected, got] = [await outputs(exact), await outputs(model)]
  const { score } = bleu(
    got,
    some.map(({ targets }) => [...targets]),
  )
  const moved = []
  for (const { source, targets } of some.slice(0, 100)) {
    const pair = {
      source: model.sourceIds(source),
      target: [...model.targetIds(targets[0]), model.config.eos_token_id],
    }
    const batch = translationBatch([pair], model.config)
    const [a, b] = [await logits(exact, batch), await logits(model, batch)]
    for (const [i, x] of a.entries()) moved.push(Math.abs(x - b[i]))
  }
  return {
    bleu: Number(score.toFixed(2)),
    changed: got.filter((text, i) => text !== expected[i]).length,
    maxLogit: Number(moved.reduce((a, b) => Math.max(a, b)).toPrecision(3)),
    meanLogit: Number((moved.reduce((a, b) => a + b) / moved.length).toPrecision(3)),
  }
}

async function logits(model, { source, targetIn }) {
  const t = scope(() => {
    const run = new Run(model)
    return model.decode(run, targetIn, model.encode(run, source), source.lengths)
  }).keep()
  const data = await t.data()
  t.dispose()
  return data
}

async function ofEncoder(exact, model, pairs, dtype) {
  const texts = pairs.slice(0, 200).map(({ source }) => source)
  const [a, b] = [await exact.embed(texts), await model.embed(texts)]
  const cosines = a.map((x, i) => cosineSimilarity(x, b[i]))
  const cosinesOf = { minimum: Math.min(...cosines), median: median(cosines) }
  if (!flags.triplets) return { cosines: cosinesOf }
  const heed = fileURLToPath(new URL('../node_modules/.bin/heed', import.meta.url))
  const args = ['similar', '--triplets', flags.triplets, '--model', name, '--dtype', dtype, '--json']
  const { holding, total } = JSON.parse(execFileSync(heed, args, { encoding: 'utf8' }))
  return { cosines: cosinesOf, triplets: `${holding} of ${total}` }
}
