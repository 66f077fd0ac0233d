/**
 * Joins the modules that `tsc -b` wrote into few files, in place: loading two hundred of them one by one is a third of what
 * a short command takes. What packages export keeps its address; shared parts lie beside it as part-*.js.
 *
 * The records of tsc go, so that the next `tsc -b` writes every module anew: there is never an old bundle among new modules.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

const packages = fileURLToPath(new URL('../packages', import.meta.url))

async function bundle(folder, entries) {
  const dist = `${packages}/${folder}/dist`
  const old = (await readdir(dist)).filter((name) => name.startsWith('part-'))
  for (const name of [...old, '.tsbuildinfo']) await rm(`${dist}/${name}`, { force: true })
  await build({
    input: Object.fromEntries(entries.map((entry) => [entry.replace(/\.js$/, ''), `${dist}/${entry}`])),
    output: { dir: dist, chunkFileNames: 'part-[name].js' },
    platform: 'neutral',
    external: /^[^./]/, // packages, and Node's own modules
    checks: { ineffectiveDynamicImport: false },
    logLevel: 'warn',
  })
}

const { exports } = JSON.parse(await readFile(`${packages}/heed/package.json`, 'utf8'))
await bundle(
  'heed',
  Object.values(exports).map((entry) => entry.default.replace('./dist/', '')),
)
await bundle('cli', ['main.js'])
