/** Contenders of the ladder: plain loops, heed's kernels emitted with other tiles, and attention by its three steps. */
import { bindKernels } from '../packages/heed/dist/backends/wasm/kernels/index.js'
import { WasmMemory } from '../packages/heed/dist/backends/wasm/memory.js'
import { Pool } from '../packages/heed/dist/backends/wasm/pool.js'
import { prepare } from './ladder.mjs'
import { numbers, sample } from './numbers.mjs'

const maxPages = 65536

/** heed's wasm backend with one thread, its kernels emitted for `simd`: { relaxed, rows, guards }. */
class TiledBackend {
  name = 'wasm'
  floats = ['float32']
  capacity = maxPages * 65536
  #memory = new WasmMemory(false, maxPages)

  constructor(simd) {
    this.kernels = bindKernels(new Pool(this.#memory, simd, 1).run, this)
  }

  get bytesInUse() {
    return this.#memory.bytesInUse
  }
  allocate(dtype, length) {
    return { device: this, dtype, length, refs: 0, address: this.#memory.allocate(4 * length) }
  }
  free(storage) {
    this.#memory.free(storage.address)
  }
  write({ address }, offset, data) {
    new Float32Array(this.#memory.memory.buffer).set(data, address / 4 + offset)
  }
  async read({ address }, offset, length) {
    return new Float32Array(this.#memory.memory.buffer, address + 4 * offset, length).slice()
  }
}

export async function start({ simd, loops }) {
  const { useBackend } = await import('heed')
  const relaxed = process.version.startsWith('v20.') ? { relaxed: true } : {}
  const backend = loops ? await useBackend('reference') : simd ? new TiledBackend(simd) : undefined
  if (backend) return { version: 'heed', prepare: (work) => prepare(work, backend) }
  await useBackend('wasm', { threads: 1, ...relaxed })
  return { version: 'heed', prepare: byStep }
}

/** Scores, softmax and weighted sum, each by heed's kernels over the whole map. */
async function byStep({ N, H, D }) {
  const { attentionScores, scope, softmax, tensor, weightedSum } = await import('heed')
  const [q, k, v] = [1, 2, 3].map((seed) => tensor(numbers(N * H * D, seed), [1, N, H, D]))
  const attention = () => scope(() => weightedSum(softmax(attentionScores(q, k)), v))
  return {
    run: () => attention().dispose(),
    sample: async () => {
      const out = attention()
      const result = sample(await out.data())
      out.dispose()
      return result
    },
    dispose: () => [q, k, v].forEach((t) => t.dispose()),
  }
}
