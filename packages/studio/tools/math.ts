import { readFile } from 'node:fs/promises'
import temml from 'temml'
import type { Plugin } from 'vite'

/**
 * `import formula from './attention.tex?math'` gives the formula as MathML, typeset when the page is built, so that it
 * costs nothing when it is opened. `\class{fq}{Q}` marks parts.
 */
export function math(): Plugin {
  const query = '?math'
  return {
    name: 'math',
    enforce: 'pre',
    load: {
      filter: { id: /\.tex\?math$/ },
      async handler(id) {
        const file = id.slice(0, -query.length)
        this.addWatchFile(file)
        const tex = (await readFile(file, 'utf8')).trim()
        const markup = temml.renderToString(tex, { trust: true, throwOnError: true, displayMode: true })
        return `export default ${JSON.stringify(markup)}`
      },
    },
  }
}
