import temml from 'temml'
import type { Plugin } from 'vite'
import { textImport } from './text-import.ts'

/** TeX as MathML. `\class{fq}{Q}` marks parts. */
export const typeset = (tex: string, displayMode: boolean): string =>
  temml.renderToString(tex, { trust: true, throwOnError: true, displayMode })

/** `import formula from './attention.tex?math'` gives the formula, typeset. */
export const math = (): Plugin => textImport('math', 'tex', (tex) => typeset(tex.trim(), true))
