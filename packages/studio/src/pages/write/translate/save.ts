import { type DrawnMap, linesSvg, mapSvg, MAX_LINES, type Theme } from 'heed/look'
import type { Saving } from '../../../app/share.svelte'
import type { Translation, Unit } from '../../../engine/translate'
import { words } from '../../../words/words.svelte'
import type { TranslateState } from '../state'
import { csvOf, drawnUnits } from '../save'
import { shownOf, siteOf, unitAt } from './shown'

interface Saved {
  view: Translation
  after?: Translation
  state: TranslateState
  theme: Theme
}

function drawn(view: Translation, state: TranslateState, note?: string): DrawnMap {
  const { source, target, weights } = shownOf(view, state)
  const said = words.now.write
  const which = state.head === undefined ? said.meanOf(view.heads) : said.headNumber(state.head)
  return {
    title: `${words.now.site.title(siteOf(view, state))} · ${which}`,
    ...(note && { note }),
    queries: drawnUnits(target),
    keys: drawnUnits(source),
    weights: target.map((_, i) =>
      weights.subarray(i * source.length, (i + 1) * source.length).map((w) => Math.min(1, w)),
    ),
  }
}

/** All that the translation gives as files; with something forbidden, what becomes of it. */
export function savingsOf({ view, after, state, theme }: Saved): Saving[] {
  const said = words.now.write
  const last = after ?? view
  const note = after && said.forbidden
  const map = () => drawn(last, state, note)
  const query = unitAt(shownOf(last, state).target, state.query)
  const { source, target } = last[state.unit]
  const hasLines = Math.max(source.length, target.length) <= MAX_LINES
  const svg = 'image/svg+xml'
  return [
    ...(hasLines
      ? [
          {
            name: said.saveAlignment,
            file: 'heed-translation-lines.svg',
            type: svg,
            make: () => linesSvg(map(), { theme, query, layout: 'horizontal' }),
          },
        ]
      : []),
    { name: said.saveMap, file: 'heed-translation.svg', type: svg, make: () => mapSvg(map(), { theme }) },
    {
      name: said.saveCsv,
      file: 'heed-translation.csv',
      type: 'text/csv',
      make: () => csvOf(source, target, shownOf(last, state).weights),
    },
    {
      name: said.saveJson,
      file: 'heed-translation.json',
      type: 'application/json',
      make: () => json({ view, after, state, theme }),
    },
  ]
}

function json({ view, after, state }: Saved): string {
  const one = (translation: Translation) => {
    const { source, target, weights } = shownOf(translation, state)
    const labels = (units: readonly Unit[]) => units.map(({ label }) => label)
    return {
      output: translation.output,
      logProb: translation.logProb,
      search: translation.search,
      source: labels(source),
      target: labels(target),
      weights: target.map((_, i) => Array.from(weights.subarray(i * source.length, (i + 1) * source.length))),
      choices: translation.choices,
    }
  }
  const { text, links, hidden, isHere, head, unit } = state
  return JSON.stringify({
    text,
    site: siteOf(view, state),
    head: head ?? 'mean',
    unit,
    ...one(view),
    ...(after && { forbidden: { links, sources: hidden, everywhere: !isHere }, after: one(after) }),
  })
}
