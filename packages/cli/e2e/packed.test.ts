import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import { temporaryFolder } from './heed.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const own = [
  'packages/heed',
  'packages/learn',
  'packages/cli',
  'models/heed-en-de',
  'models/heed-en',
  'models/heed-copy',
  'models/heed-describe',
]
const folder = await temporaryFolder()
afterAll(() => folder[Symbol.asyncDispose]())

/** Runs a program of Node's, without what an npm around the tests has set. */
async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
  return (await promisify(execFile)(program, args, { cwd, env })).stdout
}

interface Manifest {
  name: string
  dependencies?: Record<string, string>
}
const manifest = async (folder: string) =>
  JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as Manifest

/** Our packages and all that they depend on, as folders: what is installed from those asks no registry. */
async function closure(): Promise<string[]> {
  const ours = new Map<string, string>()
  for (const folder of own) ours.set((await manifest(folder)).name, folder)
  const folders = new Set(own)
  // Set iteration goes on to what is added on the way.
  for (const folder of folders)
    for (const name of Object.keys((await manifest(folder)).dependencies ?? {}))
      folders.add(ours.get(name) ?? `node_modules/${name}`)
  return [...folders].map((folder) => join(root, folder))
}

it('what is packed, installed into an empty project, loads the model and runs the command', async (test) => {
  const npm = await run('npm', ['--version'], root).catch(() => undefined)
  if (npm === undefined) return test.skip('npm is not on the PATH, and only npm packs as npm does')
  const [packed, project] = [folder.path('packed'), folder.path('project')]
  await mkdir(packed)
  await mkdir(project)
  const quiet = ['--ignore-scripts', '--offline', '--cache', folder.path('cache')]
  const folders = await closure()
  await run('npm', ['pack', '--silent', '--pack-destination', packed, ...quiet, ...folders], root)
  const tarballs = (await readdir(packed)).map((name) => join(packed, name))
  expect(tarballs).toHaveLength(folders.length)

  await writeFile(join(project, 'package.json'), '{"name":"empty","private":true,"type":"module"}')
  await run('npm', ['install', '--no-audit', '--no-fund', ...quiet, ...tarballs], project)
  const example = `
    import { loadModel } from 'heed/models'
    const model = await loadModel('heed-en-de')
    console.log(JSON.stringify(await model.translate(['The dog sleeps.'])))`
  await writeFile(join(project, 'example.js'), example)
  expect(JSON.parse(await run(process.execPath, ['example.js'], project))).toEqual(['Der Hund schläft.'])
  const shown = await run('npx', ['heed', 'The dog sleeps.'], project)
  expect(shown).toMatch(/^Der Hund schläft\.\n/)
  expect(shown).toContain('→ dog')
})
