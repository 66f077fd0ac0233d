import { readFile } from 'node:fs/promises'
import type { Plugin } from 'vite'

/**
 * `import x from './file.tex?name'`: what is made of a text when the page is built, so that it costs nothing when it is
 * opened.
 *
 * @param files how their names end: `tex`
 */
export function textImport(name: string, files: string, make: (text: string) => unknown): Plugin {
  const query = `?${name}`
  return {
    name,
    enforce: 'pre',
    load: {
      filter: { id: new RegExp(`\\.${files}\\?${name}$`) },
      async handler(id) {
        const file = id.slice(0, -query.length)
        this.addWatchFile(file)
        return `export default ${JSON.stringify(make(await readFile(file, 'utf8')))}`
      },
    },
  }
}
