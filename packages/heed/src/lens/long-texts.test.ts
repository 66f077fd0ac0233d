import { afterAll, describe, expect, test, vi } from 'vitest'
import { WasmBackend } from '../backends/wasm/index.js'
import { capture } from './index.js'
import { withBackend } from '../testing/index.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'

describe('a pass over a long text', () => {
  const backend = new WasmBackend({ threads: 1 })
  afterAll(() => backend.dispose())

  test('holds one block of activations, and of a feed-forward some rows', () =>
    withBackend(backend, async () => {
      const [T, D] = [6000, 16]
      using model = tinyGpt2({ n_positions: T, n_embd: D, n_layer: 4 })
      const text = 'x '.repeat(T / 2)
      expect(model.encode(text).ids.length).toBe(T)

      const before = backend.bytesInUse
      let most = 0
      const { allocate } = WasmBackend.prototype
      const spy = vi.spyOn(backend, 'allocate').mockImplementation((dtype, length) => {
        const storage = allocate.call(backend, dtype, length)
        most = Math.max(most, backend.bytesInUse - before)
        return storage
      })
      using seen = await capture(model, text, { sites: ['layers.0.self', 'layers.3.self'] })
      spy.mockRestore()
      expect(seen.sites).toHaveLength(2)
      // In units of a block's input: the embedding, the input, q, k, v, their mix and its projection or what is kept of
      // the last attention, and what is kept of the first.
      const unit = T * D * 4
      expect(most).toBeLessThan(12 * unit)
    }))
})
