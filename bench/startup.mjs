import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** From `import` to the first result of the shipped model, in a process of its own, less the reading of its file. */
export const cases = () =>
  ['translate', 'look'].map((what) => ({
    group: 'startup',
    id: `first result: ${what}`,
    table: 'Start-up',
    what,
    contenders: ['heed', 'heed, 2 threads'],
    targets: [{ most: 0.3 }],
  }))

/** What the process runs: it prints the seconds that the import, the model and its first answer took, then those of the file. */
const program = ({ what, threads, file, clock }) => `
  import { readFile } from 'node:fs/promises'
  const { clocks } = await import(${JSON.stringify(new URL('clock.mjs', import.meta.url))})
  const clock = clocks.${clock}
  const start = clock()
  const { useBackend } = await import('heed')
  const { loadModel } = await import('heed/models')
  await useBackend('wasm', { threads: ${threads} })
  const model = await loadModel('heed-en-de')
  const text = 'The elephant is very large.'
  ${what === 'translate' ? 'await model.translate([text])' : 'await model.run(text, { target: text })'}
  const end = clock()
  await readFile(${JSON.stringify(file)})
  console.log(JSON.stringify([end - start, clock() - end]))
  process.exit(0)`

export async function prepare({ what }, { threads, relaxed }, clock) {
  const file = fileURLToPath(new URL('../models/heed-en-de/model.safetensors', import.meta.url))
  const flags = relaxed && process.version.startsWith('v20.') ? ['--experimental-wasm-relaxed-simd'] : []
  await readFile(file) // into the system's cache: what a disk takes says nothing about heed
  return {
    seconds: async () => {
      const args = [...flags, '--input-type=module', '--eval', program({ what, threads, file, clock })]
      const { stdout } = await promisify(execFile)(process.execPath, args, {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
      })
      const [all, reading] = JSON.parse(stdout)
      return all - reading
    },
  }
}
