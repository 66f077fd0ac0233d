/** Characters of the samples that the page offers. A sample's name is its address: it is made anew wherever that is opened. */
export const samples: readonly number[] = [4000, 30_000]

export const sampleId = (characters: number): string => `sample-${characters}`

const pattern = /^sample-([1-9]\d{1,5})$/

export const isSample = (id: string): boolean => pattern.test(id)

const [OPENINGS, VOWELS, ENDS] = [[...'bdfgklmnprstvz'], [...'aeiou'], ['', '', 'l', 'n', 'r', 's']]
/** Sentences between a sentence and its copy. */
const BETWEEN = 3

/**
 * Made-up words in sentences, each of which comes again a few sentences later: what a model that copies has something to
 * look back for. It follows from its name alone.
 */
export function sample(id: string): string {
  const length = Number(pattern.exec(id)![1])
  let state = length
  /** Mulberry32 (public domain, by Tommy Ettinger): a whole number below n. */
  const below = (n: number) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n)
  }
  const of = <T>(list: readonly T[]) => list[below(list.length)]
  const word = () => Array.from({ length: 1 + below(3) }, () => of(OPENINGS) + of(VOWELS) + of(ENDS)).join('')
  const sentence = () => {
    const words = Array.from({ length: 4 + below(6) }, word).join(' ')
    return `${words[0].toUpperCase()}${words.slice(1)}. `
  }
  const waiting: string[] = []
  const said = new Set<string>()
  let text = ''
  while (text.length < length) {
    const next = waiting.length > BETWEEN ? waiting.shift()! : sentence()
    if (waiting.length <= BETWEEN && !said.has(next)) waiting.push(next)
    said.add(next)
    text += next
  }
  return text.slice(0, length)
}
