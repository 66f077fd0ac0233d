import type { Plugin } from 'vite'

/**
 * Styles of components come as text with their code (look/styles.ts), instead of as files that the page links to: so they
 * reach the shadow roots of elements too, and need no `unsafe-inline` of a policy.
 */
export const adopted = (): Plugin => ({
  name: 'adopted-styles',
  enforce: 'post',
  transform: {
    filter: { id: /\.svelte$/ },
    handler(code) {
      let count = 0
      const made = code.replace(
        /^\s*import\s*["']([^"'?]+)(\?svelte&type=style&lang)?\.css["'];?/gm,
        (_, file: string, query?: string) => {
          const from = query ? `${file}?inline&${query.slice(1)}.css` : `${file}.css?inline`
          const name = `__css${count++}`
          return `import ${name} from ${JSON.stringify(from)};__add(${name});`
        },
      )
      if (count === 0) return
      return { code: `import { add as __add } from '/src/look/styles.ts';${made}`, map: null }
    },
  },
})
