import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { adopted } from './tools/adopted.ts'
import { article } from './tools/article.ts'
import { math } from './tools/math.ts'
import { site } from './tools/site.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** The library loads its families on demand; that the studio needs one of them at once is no mistake. */
const checks = { pluginTimings: false, ineffectiveDynamicImport: false }

/** `vite build` makes what `heed studio` serves, `vite build --mode site` a folder that any web server can host. */
export default defineConfig(({ mode }) => {
  const isSite = mode === 'site'
  return {
    // Relative, so that a site may lie in any folder of a host.
    base: './',
    resolve: { alias: { '#article': path('../../docs/article') } },
    plugins: [math(), article(), svelte(), adopted(), ...(isSite ? [site()] : [])],
    worker: { format: 'es' as const, rolldownOptions: { checks } },
    logLevel: 'warn' as const,
    build: {
      target: 'es2022',
      outDir: isSite ? path('./dist/site') : path('../cli/dist/studio'),
      emptyOutDir: true,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 1000,
      assetsInlineLimit: 0,
      rolldownOptions: {
        checks,
        // A site has the elements for other pages too, under a name that stays.
        ...(isSite && { input: { index: path('./index.html'), heed: path('./src/elements/heed.ts') } }),
        output: {
          entryFileNames: ({ name }) => (name === 'heed' ? 'heed.js' : 'assets/[name]-[hash].js'),
        },
      },
    },
    server: {
      // `npx heed studio` beside it gives the models.
      proxy: Object.fromEntries(
        ['/models.json', '/models/', '/runs.json', '/runs/'].map((at) => [
          at,
          { target: 'http://127.0.0.1:4333', changeOrigin: true },
        ]),
      ),
      headers: {
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      },
    },
  }
})
