import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { giveFolder } from './folder'
import { closeModels, openModel } from './models'
import { seenPage } from './seen-page'

afterEach(closeModels)

const context = { signal: new AbortController().signal, onProgress: () => undefined }
const shipped = fileURLToPath(new URL('../../../../models/heed-describe/', import.meta.url))

it('a folder that was given is a model as any other, and its text a page of all heads', async () => {
  const files = (await readdir(shipped)).map(async (path) => ({
    path,
    file: new Blob([await readFile(shipped + path)]),
  }))
  await giveFolder({ number: 1, name: './mine', files: await Promise.all(files) })
  const model = { name: './mine', folder: 1 }
  const { info } = await openModel(model, context)
  const site = await openModel({ name: 'heed-describe' }, context)
  expect(info).toEqual({ ...site.info, name: './mine' })
  const page = await seenPage({ model, text: 'The dog sleeps.' }, context)
  expect(page).toMatch(/^<!doctype html>[^]*The dog sleeps\./)
})

it('who waits behind a model that fails fails with it; later ones try anew', async () => {
  const open = () => openModel({ name: './gone', folder: 99 }, context).catch((error: unknown) => error)
  const first = await open()
  expect(first).toMatchObject({ code: 'not-found' })
  expect(await open()).toBe(first)
  await new Promise((later) => setTimeout(later, 5))
  expect(await open()).not.toBe(first)
})
