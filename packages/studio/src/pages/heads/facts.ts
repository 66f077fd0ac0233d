import { fixed } from 'heed/look'
import type { HeadView } from '../../engine/heads'
import type { Worth } from '../../engine/heads-worth'
import { words } from '../../words/words.svelte'
import { written } from './scales'

/** A measure by name, and its number. */
export type Fact = readonly [name: string, value: string]

const told = ['effective', 'distance', 'first', 'previous'] as const

/** The measures that are said of a head in a line. */
export function factsOf({ means }: HeadView): Fact[] {
  const { names } = words.now.heads
  return told.flatMap((name) =>
    means[name] === undefined ? [] : [[names[name], written(name, means[name])] as const],
  )
}

/** What a head, or a link of it, is worth, in a sentence. */
export function becomes({ output, described, embedding }: Worth, what: 'head' | 'link'): string {
  const said = words.now.heads
  if (described) {
    const whole = (found: typeof described.before) =>
      found.map(({ position, by }) => `${position} ${by.id}`).join(', ')
    return said.after(what, whole(described.before) === whole(described.after) ? 'same' : 'changed')
  }
  if (output) return said.after(what, output.before === output.after ? 'same' : 'changed')
  return embedding ? said.afterVector(what, fixed(embedding.cosine, 3)) : ''
}
