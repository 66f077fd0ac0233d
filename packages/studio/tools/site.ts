import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import type { ModelEntry } from '../src/engine/models'

/** Models of the repository that a static site carries with it; what a server would say of them in models.json. */
const carried = ['heed-describe', 'heed-en-de', 'heed-en']

/** Puts models and models.json beside the built page, so that the folder can be hosted anywhere. */
export function site(): Plugin {
  let out = ''
  return {
    name: 'site',
    apply: 'build',
    configResolved: ({ build }) => void (out = build.outDir),
    async closeBundle() {
      const entries: ModelEntry[] = []
      for (const name of carried) {
        const from = fileURLToPath(new URL(`../../../models/${name}/`, import.meta.url))
        const to = `${out}/models/${name}/`
        await mkdir(to, { recursive: true })
        const isModelFile = (file: string) =>
          /\.(json|safetensors|jinja)$/.test(file) && file !== 'package.json'
        const files = (await readdir(from)).filter(isModelFile).sort()
        for (const file of files) await cp(from + file, to + file)
        const json = async (file: string) =>
          JSON.parse(await readFile(from + file, 'utf8')) as Record<string, string>
        entries.push({
          name,
          type: (await json('config.json')).model_type,
          bytes: (await stat(`${from}model.safetensors`)).size,
          description: (await json('package.json')).description,
          address: `models/${name}/`,
          files,
        })
      }
      await writeFile(`${out}/models.json`, JSON.stringify(entries))
    },
  }
}
