/*
 * Measures a language model that heed trained: the numbers and samples in models/heed-en/README.md.
 *
 *   node tools/measure-language.mjs [model] --text test.txt
 *
 * Every line that is not empty is a text: <s> before it, which is not predicted, and </s> behind it, which is. The perplexity
 * is e to the mean cross-entropy of all tokens that are predicted; bits per byte are of the same sum over the UTF-8 bytes of
 * the lines, without their line ends. Samples go on from fixed beginnings: greedy, and drawn with temperature 0.8 and
 * seeds 1 and 2; all are shown.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { crossEntropy, enableRelaxedSimd, scope, tensor, useBackend } from 'heed'
import { loadModel, padIds, Run } from 'heed/models'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { text: { type: 'string' } } })
enableRelaxedSimd()
await useBackend('wasm', { threads: 1 }) // sentences are short
const model = await loadModel(positionals[0] ?? 'heed-en')
const { tokenizer } = model

const lines = readFileSync(values.text, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
const texts = lines.map((line) => [
  tokenizer.bosId,
  ...tokenizer.encodeIds(line, { addSpecials: false, parseSpecials: false }),
  tokenizer.eosId,
])
texts.sort((a, b) => a.length - b.length)
let [nats, tokens] = [0, 0]
for (let i = 0; i < texts.length; i += 32) {
  const some = texts.slice(i, i + 32)
  const inputs = padIds(
    some.map((ids) => ids.slice(0, -1)),
    model.padId,
  )
  const targets = padIds(
    some.map((ids) => ids.slice(1)),
    -100,
  )
  const loss = scope(() =>
    crossEntropy(model.logits(new Run(model), inputs), tensor(targets.ids, [targets.rows, targets.width])),
  )
  const count = some.reduce((sum, ids) => sum + ids.length - 1, 0)
  nats += (await loss.item()) * count
  tokens += count
  loss.dispose()
}
const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0)
console.log(
  `${lines.length} texts, ${tokens} tokens, ${bytes} bytes: perplexity ${Math.exp(nats / tokens).toFixed(2)} per token, ` +
    `${Math.exp(nats / bytes).toFixed(3)} per byte, ${(nats / Math.LN2 / bytes).toFixed(3)} bits per byte`,
)

for (const beginning of [
  'I',
  'The',
  'Tom is',
  'Do you',
  "She didn't",
  'Where did you',
  'If it rains tomorrow,',
])
  for (const [how, options] of [
    ['greedy', {}],
    ['seed 1', { temperature: 0.8, seed: 1 }],
    ['seed 2', { temperature: 0.8, seed: 2 }],
  ]) {
    const text = await model.complete(beginning, { maxTokens: 30, ...options })
    console.log(`  ${how}: ${JSON.stringify(beginning + text)}`)
  }
model.dispose()
