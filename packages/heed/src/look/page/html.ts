import { HeedError, HeedTypeError } from '../../errors.js'
import { tokenLabels } from '../map.js'
import type { DrawnToken } from '../map.js'
import { base64 } from '../png.js'
import { drawnAxes, siteOf, siteTitle } from '../seen.js'
import type { SeenHead, SeenText } from '../seen.js'
import { tokensCss } from '../tokens.js'
import { visibleLine } from '../visible.js'
import { escapeXml } from '../xml.js'
import { app } from './app.js'
import type { PageAxes, PageData, PageHead, PageToken } from './data.js'
import { maths } from './maths.js'
import { style } from './style.js'
import { views } from './views.js'

/** One head and what its weights follow from: a `SeenMap` of `see(model, text, { qk: true })`. */
export interface SeenQk extends SeenHead {
  q?: readonly ArrayLike<number>[]
  k?: readonly ArrayLike<number>[]
  m?: ArrayLike<number>
  l?: ArrayLike<number>
  scale?: number
  causal?: { offset: number }
  window?: readonly [left: number, right: number]
  lengths?: ArrayLike<number>
  softcap?: number
  bias?: readonly ArrayLike<number>[]
  sink?: number
}

/** A font that travels with the page: a woff2 file for one of the look's families. */
export interface PageFont {
  /** 'Inter Variable' or 'JetBrains Mono Variable', as in `fonts`. */
  family: string
  /** CSS: '500', or '100 900' of a variable font. */
  weight: string
  woff2: Uint8Array
}

export interface SeenHtmlOptions {
  /** Default: the text. */
  title?: string
  /** Default none: the reader's own fonts. */
  fonts?: readonly PageFont[]
}

/** The arrays of a page, before base64: what a mail still takes, and a browser reads at once. */
export const MAX_PAGE_BYTES = 64 * 2 ** 20

/** Arrays as base64, each once: heads of a group share their keys. */
function arrayStore() {
  const numbers = new Map<string, number>()
  let bytes = 0
  const check = (size: number) => {
    if (size > MAX_PAGE_BYTES)
      throw new HeedError(
        'input',
        `a page holds at most ${MAX_PAGE_BYTES / 2 ** 20} MB of queries and keys; these heads have more: choose fewer sites or heads`,
      )
  }
  const add = (values: Float32Array): number => {
    check(values.byteLength)
    const text = base64(new Uint8Array(values.buffer))
    const known = numbers.get(text)
    if (known !== undefined) return known
    bytes += values.byteLength
    check(bytes)
    numbers.set(text, numbers.size)
    return numbers.size - 1
  }
  return {
    flat: (values: ArrayLike<number>) => add(Float32Array.from(values)),
    rows: (rows: readonly ArrayLike<number>[]) => {
      const width = rows[0]?.length ?? 0
      const all = new Float32Array(rows.length * width)
      rows.forEach((row, i) => all.set(row, i * width))
      return add(all)
    },
    texts: () => [...numbers.keys()],
  }
}

const shownTokens = (tokens: readonly DrawnToken[]): PageToken[] => {
  const labels = tokenLabels(tokens)
  return tokens.map(({ special, startsWord }, i) => ({ label: labels[i], special, startsWord }))
}

/** What the page holds of what was seen. */
export function pageData(seen: SeenText<SeenQk>, title: string): PageData {
  const store = arrayStore()
  const axes: PageAxes[] = []
  const bySite = new Map<string, number>()
  const groups = [...new Set(seen.maps.map(({ site, head }) => siteOf(site, head).pattern))]
  const rank = ({ site, head }: SeenQk) => groups.indexOf(siteOf(site, head).pattern)
  // As the page lists them, so that its arrow keys go from one to the next.
  const heads = [...seen.maps]
    .sort((a, b) => rank(a) - rank(b))
    .map((map): PageHead => {
      const { site, head, q, k, m, l, scale, causal, window, lengths, softcap, bias, sink } = map
      if (!q || !k || !m || !l || scale === undefined)
        throw new HeedTypeError(
          'input',
          `${site}, head ${head} has no queries and keys; see the text with qk: see(model, text, { qk: true })`,
        )
      if (!bySite.has(site)) {
        const { queries, keys } = drawnAxes(seen, map)
        bySite.set(site, axes.length)
        axes.push({ queries: shownTokens(queries), keys: shownTokens(keys), own: queries === keys })
      }
      const { queries, keys } = axes[bySite.get(site)!]
      if (
        q.length !== queries.length ||
        k.length !== keys.length ||
        m.length !== q.length ||
        l.length !== q.length
      )
        throw new HeedTypeError(
          'shape',
          `${site}, head ${head} has ${q.length} queries and ${k.length} keys for ${queries.length} and ${keys.length} tokens`,
        )
      const { kind, name } = siteOf(site, head)
      const open = (side: number) => (Number.isFinite(side) ? side : null)
      return {
        site,
        head,
        title: `${siteTitle(site)} · head ${head}`,
        name,
        group: kind,
        axes: bySite.get(site)!,
        q: store.rows(q),
        k: store.rows(k),
        m: store.flat(m),
        l: store.flat(l),
        scale,
        ...(causal && { causal: causal.offset }),
        ...(window && { window: [open(window[0]), open(window[1])] as [number | null, number | null] }),
        ...(lengths && { length: lengths[0] }),
        ...(softcap !== undefined && { softcap }),
        ...(bias && { bias: store.rows(bias) }),
        ...(sink !== undefined && { sink }),
      }
    })
  if (heads.length === 0) throw new HeedTypeError('input', 'there is no map to show; see one site or more')
  const { text, output } = seen
  return {
    title,
    text: visibleLine(text),
    output: output === null ? null : visibleLine(output),
    axes,
    arrays: store.texts(),
    heads,
  }
}

/** The script: the page's parts are functions that need nothing outside themselves, so their own text is the script. */
function script(): string {
  // Builds that keep names (esbuild's keepNames) wrap inner functions in a helper of this name.
  return `'use strict';const __name=(f)=>f;const data=JSON.parse(document.getElementById('data').textContent);const m=(${maths})();(${app})(data,m,(${views})(m));`
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return `'sha256-${base64(new Uint8Array(digest))}'`
}

const fontFaces = (fonts: readonly PageFont[]) =>
  fonts
    .map(
      ({ family, weight, woff2 }) =>
        `@font-face{font-family:${JSON.stringify(family)};font-weight:${weight};src:url(data:font/woff2;base64,${base64(woff2)}) format("woff2")}`,
    )
    .join('\n')

/**
 * What was seen in one text as one self-contained HTML file, to mail or to put beside a paper: all heads, and the chosen
 * one as words, lines and matrix, with the way from q·k to each weight. It holds q, k, m and ℓ and computes every weight
 * from them in the page, w_ij = exp(s_ij − m_i) / ℓ_i; no map is stored. It asks for nothing over the network (a content
 * security policy forbids it), works from a disk, in light and dark, by keyboard and on a phone.
 *
 * @param seen of `see(model, text, { qk: true })`
 * @throws HeedTypeError `input` for maps without q, k, m, l and scale, or no map; `shape` for arrays that do not fit the
 *   tokens
 * @throws HeedError `input` for more than `MAX_PAGE_BYTES` of arrays
 */
export async function seenHtml(
  seen: SeenText<SeenQk>,
  { title = seen.text, fonts = [] }: SeenHtmlOptions = {},
): Promise<string> {
  const said = visibleLine(title)
  const data = pageData(seen, said)
  // In JSON, < stands in strings alone; escaped, no text can end the element that holds it.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c')
  const [code, rules] = [script(), `${fontFaces(fonts)}\n${tokensCss()}${style}`]
  const policy = [
    "default-src 'none'",
    `script-src ${await hashOf(code)}`,
    `style-src ${await hashOf(rules)}`,
    'font-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  const legend =
    '<span class="legend"><span>weight</span><span class="num">0</span><span class="ramp"></span><span class="num">1</span></span>'
  const texts = data.text === said ? '' : `${escapeXml(data.text)} `
  const output = data.output === null ? '' : `<i>→</i> ${escapeXml(data.output)}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(said)} · heed</title>
<style>${rules}</style>
</head>
<body>
<header><div><h1>${escapeXml(said)}</h1><p>${texts}${output}</p></div><button type="button" id="theme">Light or dark</button></header>
<main>
<section class="all" aria-label="All heads"><div class="between"><h2 id="count"></h2>${legend}</div><div id="heads"></div></section>
<section aria-label="The chosen head">
<div class="between"><h2 id="name"></h2><code id="site"></code></div>
<p id="facts"></p>
<div class="asked"><span class="says q">asks</span><div id="asking" class="words"></div></div>
<div id="words" class="words"></div>
<div class="between"><p class="says" id="meaning"></p>${legend}</div>
<div class="three">
<div class="lines"><h3>Lines</h3><svg id="lines" aria-hidden="true"></svg></div>
<div><h3>Matrix<span>rows <span class="q">ask</span>, columns <span class="k">answer</span></span></h3><canvas id="matrix" tabindex="0" role="img" aria-label="The matrix of weights: rows ask, columns answer. Arrow keys move from cell to cell." aria-describedby="readout"></canvas><p class="note" id="cells"></p></div>
<div class="readout" id="readout" aria-live="polite"><p id="link"></p><p id="weight"></p><dl id="steps"></dl></div>
</div>
<p class="note">Point at a cell to see how its weight comes about; click a word or a row to read from there. Links under .02 are not drawn. A map shows where a head looks, not whether the model needs it.</p>
</section>
</main>
<noscript><p class="note">This page computes every weight from the queries and keys that it holds, and needs scripts for that.</p></noscript>
<footer>Made by heed. Every weight is computed in this page from the model’s queries, keys, row maxima and row sums.</footer>
<script type="application/json" id="data">${json}</script>
<script>${code}</script>
</body>
</html>
`
}
