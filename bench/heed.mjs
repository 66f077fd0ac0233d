/** heed as a contender: which file of this folder knows a kind of work. */
import { readFileSync } from 'node:fs'
import * as attention from './attention.mjs'
import * as decoding from './decoding.mjs'
import * as gemm from './gemm.mjs'
import * as ladder from './ladder.mjs'
import * as memory from './memory.mjs'
import * as startup from './startup.mjs'
import * as training from './training.mjs'

const groups = { gemm, attention, ladder, memory, training, decoding, startup }
const { version } = JSON.parse(
  readFileSync(new URL('../packages/heed/package.json', import.meta.url), 'utf8'),
)

export async function start({ threads, relaxed, clock }) {
  const { useBackend } = await import('heed')
  const backend = await useBackend('wasm', { threads, relaxed })
  return { version, prepare: (work) => groups[work.group].prepare(work, backend, clock) }
}
