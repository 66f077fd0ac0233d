import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { ok } from './heed.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const readme = await readFile(join(root, 'README.md'), 'utf8')

it('the main job of the README runs on the shipped model', async () => {
  expect(readme).toContain('npm ci && npx heed "The elephant is very large."')
  const shown = await ok(['The elephant is very large.'])
  expect(shown).toContain('reads the source · mean of 4 heads')
  expect(shown).toMatch(/^ {2}\S+ → elephant 0\.\d\d$/m)
  expect(await ok(['models'])).toContain('heed-en-de')
})

/** Runs the first example of a document as it stands, in the repository, where the packages are found. */
async function runExample(document: string): Promise<string> {
  const example = /```js\n([\s\S]*?)```/.exec(document)![1]
  const folder = await mkdtemp(join(root, 'node_modules', '.readme-'))
  try {
    const file = join(folder, 'example.mjs')
    await writeFile(file, example)
    return (await promisify(execFile)(process.execPath, [file])).stdout
  } finally {
    await rm(folder, { recursive: true })
  }
}

it('the library example of the README runs as it stands', async () => {
  const stdout = await runExample(readme)
  expect(stdout).toMatch(/^\[ 1, 2048, 12, 64 \] -?[\d.e-]+$/m)
  expect(stdout).toContain('Float32Array(12)')
  expect(stdout).toMatch(/ 12 \[/)
})

it('the example of the lens runs as it stands', async () => {
  const stdout = await runExample(await readFile(join(root, 'docs/lens.md'), 'utf8'))
  expect(stdout).toMatch(/^products -?[\d.e-]+$/m)
  expect(stdout).toContain("'elephant'")
})
