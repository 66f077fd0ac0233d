import { type Theme, wordsSvg } from 'heed/look'
import type { Saving } from '../../app/share.svelte'
import type { Words } from '../../words/words.svelte'
import { write } from './measures'
import type { Reading } from './reading.svelte'

/** All that this page gives as files. */
export function savingsOf(reading: Reading, model: string, theme: Theme, said: Words): Saving[] {
  if (!reading.words || !reading.seen || !reading.of) return []
  return [
    {
      name: said.words.save.map,
      file: `heed-words-${model.replaceAll('/', '-')}.svg`,
      type: 'image/svg+xml',
      make: () => svg(reading, model, theme, said),
    },
    {
      name: said.words.save.words,
      file: `heed-words-${model.replaceAll('/', '-')}.csv`,
      type: 'text/csv',
      make: () => csv(reading),
    },
    {
      name: said.words.save.numbers,
      file: `heed-words-${model.replaceAll('/', '-')}.json`,
      type: 'application/json',
      make: () => json(reading, model),
    },
  ]
}

/** The words that were chosen and the neighbours, at their places of the map. */
function svg(
  { words: map, seen, state, of }: Reading,
  model: string,
  theme: Theme,
  { words: said, look }: Words,
): string {
  const { by } = state
  const { words, pairs, neighbours } = seen!
  const values = words.map(() => words.map(() => 0))
  for (const { a, b, values: measured } of pairs) values[a][b] = values[b][a] = measured[by]
  words.forEach(({ length }, n) => (values[n][n] = by === 'cosine' ? 1 : by === 'dot' ? length ** 2 : 0))
  const chosen = new Set(words.map(({ row }) => row))
  const share = map!.explained[0] + map!.explained[1]
  return wordsSvg(
    {
      title: words.length === 1 ? said.neighbours.title(of!.word) : words.map(({ word }) => word).join(', '),
      note: said.save.note(model, look.directions(map!.words.length)),
      words: words.map(({ word }) => word),
      measure: said.measure[by],
      values,
      write: (value) => write(by, value),
      filled: by === 'cosine',
      places: words.map(({ place }) => place),
      others: neighbours
        .filter(({ index }) => !chosen.has(index))
        .map(({ index }) => ({
          text: map!.words[index],
          place: [map!.places[2 * index], map!.places[2 * index + 1]],
        })),
      share,
      dimensions: map!.dimensions,
    },
    { theme },
  )
}

/** Every word with its place, and its cosine to the one that the rest is about. */
function csv({ words: map, seen, of }: Reading): string {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  const { words, places } = map!
  const lines = words.map((word, row) =>
    [quoted(word), places[2 * row], places[2 * row + 1], seen!.cosines[row]].join(','),
  )
  return [`word,x,y,${quoted(`cosine to ${of!.word}`)}`, ...lines].join('\n') + '\n'
}

function json({ words: map, seen, state, analogy, arrows, axioms, of }: Reading, model: string): string {
  const named = (list: readonly { index: number; value: number }[]) =>
    list.map(({ index, value }) => ({ word: map!.words[index], value }))
  return JSON.stringify({
    model,
    words: seen!.words.map(({ word, pieces, place, length }) => ({ word, pieces, place, length })),
    explained: map!.explained,
    pairs: seen!.pairs.map(({ a, b, values }) => ({
      words: [seen!.words[a].word, seen!.words[b].word],
      ...values,
    })),
    by: state.by,
    neighbours: { of: of!.word, found: named(seen!.neighbours) },
    ...(analogy.value && {
      analogy: { words: state.calculation, found: named(analogy.value.answers) },
    }),
    ...(arrows.value && {
      arrows: {
        ...arrows.value,
        c: state.c,
        nearSum: named(arrows.value.nearSum),
        nearScaled: named(arrows.value.nearScaled),
      },
    }),
    ...(axioms.value && {
      axioms: axioms.value.axioms.map(({ name, difference, bound, holds }) => ({
        name,
        difference,
        bound,
        holds,
      })),
    }),
  })
}
