import type { Theme } from 'heed/look'
import type { Compared } from '../../engine/words'
import { write } from './measures'
import type { Link, Marked, Scene } from './paint'
import type { Reading } from './reading.svelte'

/** Words of fewer letters get their names last: they are mostly beginnings of others. */
const SHORT = 3

/** Rows in the order in which they get names: the neighbours, then as the vocabulary has them, which is mostly by how often they were met. */
export function nameOrder(words: readonly string[], { neighbours }: Pick<Compared, 'neighbours'>): number[] {
  const near = neighbours.map(({ index }) => index)
  const first = new Set(near)
  const rows = words.map((_, row) => row).filter((row) => !first.has(row))
  const isShort = (row: number) => words[row].length < SHORT
  return [...near, ...rows.filter((row) => !isShort(row)), ...rows.filter(isShort)]
}

/** What the map shows of what was read: without the word that is being guessed. */
export function sceneOf(reading: Reading, order: readonly number[], theme: Theme, isSmall: boolean): Scene {
  const { words, seen, hidden, by } = reading
  const chosen = seen!.words.filter(({ word }) => word !== hidden)
  const marked = chosen.map(({ word, place, row }): Marked => ({
    word,
    place,
    row,
    isOf: word === reading.of?.word,
  }))
  const pairs = seen!.pairs.map(({ a, b, values }) => ({
    one: seen!.words[a],
    other: seen!.words[b],
    value: write(by, values[by]),
  }))
  // Of more than three words, lines from the one that the rest is about say enough.
  const drawn = pairs.filter(
    ({ one, other }) =>
      one.word !== hidden &&
      other.word !== hidden &&
      (chosen.length <= 3 || one === reading.of || other === reading.of),
  )
  const links = drawn.map(({ one, other, value }): Link => ({ from: one.place, to: other.place, value }))
  return {
    words: words!.words,
    places: words!.places,
    cosines: seen!.cosines,
    order,
    marked,
    links,
    hidden: seen!.words.find(({ word }) => word === hidden)?.row,
    theme,
    isSmall,
  }
}
