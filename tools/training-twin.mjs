/*
 * Proves training: heed and PyTorch from the same initial weights, over the same batches, step by step.
 *
 *   node tools/training-twin.mjs run FOLDER --data pairs.tsv [--steps 200] [--threads n]
 *       [--batch-tokens n] [--warmup n] [--cooldown share] [--config json]                  heed's side
 *   python tools/goldens/training.py FOLDER [float64]                                      PyTorch's side
 *   node tools/training-twin.mjs compare FOLDER [--svg file]                               both
 *
 *   node tools/training-twin.mjs small FOLDER     the small runs of the golden file, each in a folder of FOLDER, in float64
 *   node tools/training-twin.mjs golden FOLDER    writes the golden file once PyTorch has run in each of them
 *
 * `run` is the recipe of `heed train translation` with these steps and without dropout. FOLDER gets what the twin reads: twin.json,
 * initial.safetensors and batches.json. Where PyTorch has run in float64 too, `compare` says how far each side is from that.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { enableRelaxedSimd, useBackend } from 'heed'
import { writeSafetensors } from 'heed/io'
import { plotSvg } from 'heed/look'
import { initTransformer } from 'heed/models'
import { learnBpe, Tokenizer } from 'heed/text'
import {
  encodePairs,
  epochBatches,
  parseMetrics,
  readCheckpoint,
  readPairs,
  trainingDefaults,
  trainTranslation,
} from 'heed/train'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    steps: { type: 'string', default: '200' },
    'batch-tokens': { type: 'string', default: String(trainingDefaults.batchTokens) },
    config: { type: 'string', default: '{}' },
    warmup: { type: 'string' },
    cooldown: { type: 'string' },
    threads: { type: 'string', default: '1' },
    svg: { type: 'string' },
  },
})
const [command, folder] = positionals
const golden = fileURLToPath(new URL('../packages/heed/src/train/training.golden.json', import.meta.url))
const json = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** What of the schedule is named. */
const given = () =>
  Object.fromEntries(
    ['warmup', 'cooldown'].flatMap((name) =>
      values[name] === undefined ? [] : [[name, Number(values[name])]],
    ),
  )

/** A run of heed in `FOLDER/heed`, and what its twin needs. */
async function run(folder, options) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const out = `${folder}/heed`
  const seed = options.seed ?? trainingDefaults.seed
  await trainTranslation({
    ...options,
    seed,
    out,
    reportEvery: 1,
    checkpointEvery: options.steps,
    onProgress: ({ step, loss }) =>
      step % 20 === 0 && console.log(`step ${step}: smoothed loss ${loss.toFixed(6)}`),
  })
  const { model } = await readCheckpoint(out)
  const { tokenizerJson, config } = model
  const initial = initTransformer(config, seed)
  const tensors = Object.entries(initial.weights).map(async ([name, t]) => {
    const data = await t.data()
    return { name, dtype: data instanceof Float64Array ? 'F64' : 'F32', shape: t.shape, data }
  })
  writeFileSync(`${folder}/initial.safetensors`, writeSafetensors(await Promise.all(tensors)))
  initial.dispose()

  const pairs = typeof options.train === 'string' ? (await readPairs(options.train)).pairs : options.train
  const { encoded } = await encodePairs(pairs, Tokenizer.fromJson(tokenizerJson), {
    maxLength: config.max_positions,
  })
  const { batchTokens = trainingDefaults.batchTokens, steps } = options
  const batches = []
  for (let epoch = 0; batches.length < steps; epoch++)
    for (const batch of epochBatches(encoded, { batchTokens, seed, epoch }))
      batches.push({
        source: batch.map((i) => [...encoded[i].source]),
        target: batch.map((i) => [...encoded[i].target]),
      })
  writeFileSync(`${folder}/batches.json`, JSON.stringify(batches.slice(0, steps)))

  const { kind, ...schedule } = {
    ...trainingDefaults.schedule,
    warmup: Math.round(steps / 5),
    ...options.schedule,
  }
  if (kind !== 'inverse-sqrt-cooldown') throw new Error(`the twin has no schedule ${kind}`)
  const optimizer = {
    beta1: 0.9,
    beta2: 0.98,
    eps: 1e-9,
    ...trainingDefaults.optimizer,
    ...options.optimizer,
  }
  const labelSmoothing = options.labelSmoothing ?? trainingDefaults.labelSmoothing
  const twin = { config, steps, threads: values.threads, schedule, optimizer, labelSmoothing }
  writeFileSync(`${folder}/twin.json`, JSON.stringify(twin, null, 2))
}

/** Subject, verb, object: sentences of 3 to 12 words whose sides differ in length. Made up here, and so nobody's. */
function sentences(count) {
  const nouns = [
    'dog/Hund',
    'cat/Katze',
    'very old elephant/uralte Elefant',
    'house by the sea/Haus',
    'bird/Vogel',
  ]
  const verbs = ['sees/sieht', 'likes very much/mag', 'looks at/schaut an', 'is/ist']
  const of = (list, n) => list[n % list.length].split('/')
  return Array.from({ length: count }, (_, n) => {
    const [a, b, c] = [of(nouns, n), of(verbs, n * 3 + (n >> 2)), of(nouns, n * 7 + (n >> 3))]
    return { source: `the ${a[0]} ${b[0]} a ${c[0]}`, targets: [`der ${a[1]} ${b[1]} ein ${c[1]}`] }
  })
}

/** What the golden file holds: options of `trainTranslation` that JSON can hold. Both norms; clipping cuts in, not at every step. */
const small = ['pre', 'post'].map((norm) => ({
  norm,
  options: {
    train: sentences(40),
    steps: 20,
    batchTokens: 128,
    seed: 5,
    config: {
      d_model: 16,
      num_heads: 2,
      encoder_layers: 2,
      decoder_layers: 1,
      d_ff: 24,
      dropout: 0,
      max_positions: 96,
      norm,
    },
    schedule: { kind: 'inverse-sqrt-cooldown', peak: 4e-3, warmup: 6, cooldown: 0.4 },
    optimizer: { clip: 1.5, weightDecay: 0.05 },
    labelSmoothing: 0.1,
  },
}))

/** Of both sides what each step said. */
function curves(folder) {
  const rows = parseMetrics(readFileSync(`${folder}/heed/metrics.jsonl`, 'utf8')).filter(
    (row) => row.loss !== undefined,
  )
  const torch = json(`${folder}/torch.json`)
  const wide = existsSync(`${folder}/torch.float64.json`) ? json(`${folder}/torch.float64.json`) : {}
  return {
    loss: { heed: rows.map((row) => row.loss), torch: torch.losses, wide: wide.losses },
    norm: { heed: rows.map((row) => row.norm), torch: torch.norms, wide: wide.norms },
  }
}
const apartFrom = (truth, some) => truth.map((x, i) => Math.abs(some[i] - x) / Math.abs(x))
const apart = ({ heed, torch }) => apartFrom(torch, heed)

function say(who, differences) {
  const worst = Math.max(...differences)
  const median = differences.toSorted((a, b) => a - b)[differences.length >> 1]
  console.log(
    `  ${who}: relative differences of at most ${worst.toExponential(1)}, at step ${1 + differences.indexOf(worst)}, ` +
      `median ${median.toExponential(1)}; ${differences.filter((d) => d > 1e-3).length} steps above 1e-3`,
  )
}

function compare(folder) {
  const { loss, norm } = curves(folder)
  for (const [name, { heed, torch, wide }] of Object.entries({ loss, 'gradient norm': norm })) {
    console.log(`${name}: ${torch.length} steps, from ${heed[0].toFixed(4)} to ${heed.at(-1).toFixed(4)}`)
    say('heed from PyTorch', apartFrom(torch, heed))
    if (!wide) continue
    say('heed from PyTorch in float64', apartFrom(wide, heed))
    say('PyTorch from itself in float64', apartFrom(wide, torch))
  }
  if (!values.svg) return
  const points = (ys) => ys.map((y, i) => ({ x: i + 1, y }))
  const x = { label: 'step' }
  const both = (title, label, { heed, torch }) => ({
    title,
    x,
    y: { label },
    series: [
      { name: 'PyTorch', points: points(torch) },
      { name: 'heed', points: points(heed) },
    ],
  })
  const worst = Math.max(...apart(loss))
  const { config } = json(`${folder}/twin.json`)
  writeFileSync(
    values.svg,
    plotSvg(
      {
        title: `The same training in heed and PyTorch: losses differ by at most ${worst.toExponential(1)} of themselves`,
        note:
          `Same initial weights and batches, float32, no dropout: ${loss.torch.length} steps of a Transformer of width ${config.d_model}, ` +
          `${config.encoder_layers} + ${config.decoder_layers} layers, ${config.vocab_size} pieces. The lines lie on each other.`,
        panels: [
          both('Training loss', 'nats per token, with label smoothing', loss),
          both('Gradient norm before clipping', 'norm', norm),
          {
            title: 'How far they are apart',
            x,
            y: { label: 'relative difference', log: true, range: [1e-8, 1e-3] },
            series: [
              { name: 'loss', points: points(apart(loss)) },
              { name: 'gradient norm', points: points(apart(norm)) },
            ],
          },
        ],
      },
      { columns: 3 },
    ),
  )
}

function writeGolden(folder) {
  const cases = readdirSync(folder)
    .sort()
    .map((name) => {
      const { torch, losses, norms } = json(`${folder}/${name}/torch.json`)
      const { options } = small.find(({ norm }) => norm === name)
      return { name, torch, options, losses, norms }
    })
  writeFileSync(golden, `${JSON.stringify(cases)}\n`)
}

switch (command) {
  case 'run':
    enableRelaxedSimd()
    await useBackend('wasm', { threads: Number(values.threads) })
    await run(folder, {
      train: values.data,
      steps: Number(values.steps),
      batchTokens: Number(values['batch-tokens']),
      config: { ...JSON.parse(values.config), dropout: 0 },
      schedule: given(),
    })
    break
  case 'small':
    await useBackend('reference', { dtype: 'float64' })
    // No merges: a byte is a token.
    for (const { norm, options } of small)
      await run(`${folder}/${norm}`, { ...options, tokenizer: await learnBpe([], { vocabSize: 260 }) })
    break
  case 'compare':
    compare(folder)
    break
  case 'golden':
    writeGolden(folder)
    break
  default:
    throw new Error('run, compare, small or golden; see the head of this file')
}
