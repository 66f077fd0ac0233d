import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/* What is found from where the code lies: this module and what it is joined with (tools/bundle.mjs) lie in dist itself. */

export const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

/** The folder of the built studio. */
export const studioPage = fileURLToPath(new URL('studio', import.meta.url))
