import { type DrawnMap, mapSvg, MAX_SIDE, textSvg, type Theme, tokenLabels } from 'heed/look'
import type { Saving } from '../../../app/share.svelte'
import type { WritingPart } from '../../../engine/generate'
import { words } from '../../../words/words.svelte'
import { csvOf } from '../save'
import type { GenerateState } from '../state'
import type { Writer } from './writer.svelte'

interface Saved {
  writer: Writer
  part: WritingPart
  state: GenerateState
  theme: Theme
}

/** All that the text gives as files. */
export function savingsOf({ writer, part, state, theme }: Saved): Saving[] {
  const said = words.now.write
  const size = writer.tokens.length
  const row = (i: number) => writer.weights.subarray(i * size, (i + 1) * size)
  const which = state.head === undefined ? said.meanOfHeads : said.headNumber(state.head)
  const drawn = (): DrawnMap => ({
    title: `${words.now.site.title(part.site)} · ${which}`,
    queries: writer.tokens,
    keys: writer.tokens,
    weights: Array.from({ length: size }, (_, i) => row(i).map((w) => Math.min(1, w))),
  })
  const svg = 'image/svg+xml'
  const query = Math.min(state.query ?? size - 1, size - 1)
  return [
    {
      name: said.saveText,
      file: 'heed-text.svg',
      type: svg,
      make: () => textSvg(drawn(), { theme, query }),
    },
    ...(size <= MAX_SIDE
      ? [{ name: said.saveMap, file: 'heed-text-map.svg', type: svg, make: () => mapSvg(drawn(), { theme }) }]
      : []),
    {
      name: said.saveCsv,
      file: 'heed-text.csv',
      type: 'text/csv',
      make: () => {
        const named = tokenLabels(writer.tokens).map((label) => ({ label }))
        return csvOf(named, named, writer.weights)
      },
    },
    {
      name: said.saveJson,
      file: 'heed-text.json',
      type: 'application/json',
      make: () =>
        JSON.stringify({
          text: state.text,
          ids: part.ids,
          tokens: writer.tokens.map(({ text }) => text),
          prompt: part.prompt,
          sampling: state.sampling,
          hidden: state.hidden,
          site: part.site,
          head: state.head ?? 'mean',
          weights: Array.from({ length: size }, (_, i) => Array.from(row(i))),
          next: part.next,
        }),
    },
  ]
}
