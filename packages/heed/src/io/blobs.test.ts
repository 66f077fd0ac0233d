import { expect, test } from 'vitest'
import { coded } from '../testing/index.js'
import { blobFolder } from './blobs.js'
import { openModelFolder } from './model-folder.js'
import { readPieces } from './pieces.js'
import { writeSafetensors } from './safetensors.js'

const weights = writeSafetensors([{ name: 'w', dtype: 'F32', shape: [3], data: Float32Array.of(1, 2, 3) }])
const files = new Map([
  ['config.json', new Blob(['{"model_type":"größer"}'])],
  ['model.safetensors', new Blob([weights as Uint8Array<ArrayBuffer>])],
])

test('a model folder of blobs', async () => {
  const folder = await openModelFolder(blobFolder('mine', async (name) => files.get(name)))
  expect(folder.config).toEqual({ model_type: 'größer' })
  expect(folder.tokenizerJson).toBeUndefined()
  for await (const { name, bytes } of readPieces(folder.tensors))
    expect([name, ...new Float32Array(bytes.slice().buffer)]).toEqual(['w', 1, 2, 3])
})

test('a file that is gone, and one that is cut short', async () => {
  const gone = Object.assign(new Blob(['{}']), {
    arrayBuffer: () => Promise.reject(new Error('not readable')),
  })
  await expect(blobFolder('mine', async () => gone).text('config.json')).rejects.toThrow(
    coded('input', 'mine/config.json', 'not readable', 'open it again'),
  )
  const cut = new Map(files).set('model.safetensors', new Blob([weights.slice(0, -4)]))
  await expect(openModelFolder(blobFolder('mine', async (name) => cut.get(name)))).rejects.toThrow(
    coded('format', 'mine/model.safetensors', 'cut short'),
  )
})
