/**
 * Long inputs: a pass over N tokens captured at the first and the last layer, then parts of one head's map.
 *
 *   node run.mjs [--picture file.svg] [N …]      default 2048 8192 32768, each in a process of its own
 *
 * CPU seconds are of all threads. Peaks are of the whole process so far, weights included: its largest resident set
 * (VmHWM of /proc/self/status, so Linux only). The picture is the overview of the last N.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { useBackend } from 'heed'
import { capture } from 'heed/lens'
import { loadModel } from 'heed/models'
import { modelFolder, sizes } from './model.mjs'

/** Bytes of the largest resident set that this process has had. */
const peak = () => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024

async function step(name, work) {
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  const result = await work()
  const { user, system } = process.cpuUsage(cpu)
  const [took, busy] = [(performance.now() - start) / 1000, (user + system) / 1e6]
  const [wall, used] = [took, busy].map((x) => x.toFixed(2).padStart(8))
  console.log(`  ${name.padEnd(14)} ${wall} s  ${used} CPU s   peak ${(peak() / 1e9).toFixed(2)} GB`)
  return result
}

/** Letters and spaces, N characters of them: the tokenizer of the model makes each a token. */
function textOf(length) {
  let [text, state] = ['', 1]
  while (text.length < length) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    text += /\S$/.test(text) && state >>> 29 === 0 ? ' ' : 'etaoinshrdlu'[(state >>> 16) % 12]
  }
  return text
}

async function measure(N, picture) {
  console.log(`N = ${N}`)
  await useBackend('wasm', { relaxed: true })
  const model = await step('load', () => loadModel(modelFolder))
  const [site, head] = [`layers.${sizes.layers - 1}.self`, 3]
  const seen = await step('capture', () => capture(model, textOf(N), { sites: ['layers.0.self', site] }))
  const map = seen.map(site, head)
  if (map.rows !== N || map.cols !== N) throw new Error(`a map of ${map.rows} × ${map.cols}, not ${N} × ${N}`)
  const overview = await step('overview', () => map.overview(512))
  const at = Math.floor(N * 0.6)
  await step('tile', () => map.tile({ rows: [at, at + 512], cols: [at - 600, at - 88] }))
  await step('top 8', () => map.top(8))
  if (picture) {
    const { overviewSvg } = await import('heed/look')
    const drawn = {
      title: `${N.toLocaleString('en')} tokens, layer ${sizes.layers - 1}, head ${head}`,
      note: 'A GPT-2 of random weights.',
      values: overview.cells,
      height: overview.rows,
      width: overview.cols,
      queries: N,
      keys: N,
      pooled: overview.pool,
    }
    await writeFile(picture, overviewSvg(drawn, { scale: 'log' }))
  }
}

const { values, positionals } = parseArgs({
  options: { picture: { type: 'string' } },
  allowPositionals: true,
})
const asked = positionals.length > 0 ? positionals.map(Number) : [2048, 8192, 32_768]
// In a process of its own: what it takes is none of ours.
spawnSync(process.execPath, [new URL('./model.mjs', import.meta.url).pathname], { stdio: 'inherit' })
if (asked.length === 1) {
  await measure(asked[0], values.picture)
  process.exit() // threads wait for work for ever
}
for (const N of asked) {
  const picture = values.picture && N === asked.at(-1) ? ['--picture', values.picture] : []
  spawnSync(process.execPath, [process.argv[1], ...picture, String(N)], { stdio: 'inherit' })
}
