#!/usr/bin/env node
// Committed so that npm can link `heed` at install time, before anything is built.
import { existsSync } from 'node:fs'

const main = new URL('../dist/main.js', import.meta.url)
if (!existsSync(main)) {
  process.stderr.write('heed: not built yet; run `npm run build` in the repository first\n')
  process.exit(1)
}
await import(main.href)
