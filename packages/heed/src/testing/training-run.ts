import { readFile } from 'node:fs/promises'
import { parseMetrics } from '../train/metrics.js'

/** What a training run leaves in its folder, but for the times it measured. */
export async function leftBy(out: string) {
  const bytes = (file: string) => readFile(`${out}/${file}`)
  const index = JSON.parse(String(await bytes('checkpoints/index.json'))) as Record<string, string>
  const rows = parseMetrics(String(await bytes('metrics.jsonl')))
  for (const row of rows) delete row.tokensPerSecond
  return {
    index: { latest: index.latest, best: index.best },
    rows,
    model: await bytes('model.safetensors'),
    training: await bytes(`checkpoints/${index.latest}/training.safetensors`),
    state: String(await bytes(`checkpoints/${index.latest}/state.json`)),
  }
}
