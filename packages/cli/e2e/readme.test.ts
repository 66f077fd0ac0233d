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

it('the library example of the README runs as it stands', async () => {
  const example = /```js\n([\s\S]*?)```/.exec(readme)![1]
  // In the repository, where the packages are found.
  const folder = await mkdtemp(join(root, 'node_modules', '.readme-'))
  try {
    const file = join(folder, 'example.mjs')
    await writeFile(file, example)
    const { stdout } = await promisify(execFile)(process.execPath, [file])
    expect(stdout).toMatch(/^\[ 1, 2048, 12, 64 \] -?[\d.e-]+$/m)
    expect(stdout).toContain('Float32Array(12)')
    expect(stdout).toMatch(/ 12 \[/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
