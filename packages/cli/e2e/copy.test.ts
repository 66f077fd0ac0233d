import { expect, it } from 'vitest'
import { loadModel } from 'heed/models'
import { ok } from './heed.js'

it('heed-copy is shipped, and goes on as a text went on before', async () => {
  expect(await ok(['models'])).toMatch(/^heed-copy +llama +0\.\d MB/m)
  const text = 'The quick zebra Vixo jumps. The quick zebra V'
  expect(await ok(['generate', text, '--model', 'heed-copy', '--max-tokens', '10'])).toBe('ixo jumps.\n')
  using model = await loadModel('heed-copy')
  expect(model.net.maxPositions).toBeGreaterThanOrEqual(40_000)
})
