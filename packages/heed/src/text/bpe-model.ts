import { byteIds } from './bytes.js'
import { checkMerges, flag, unsupported, nameOf } from './format.js'
import type { Config } from './format.js'
import type { Model, Part } from './models.js'

const utf8 = new TextEncoder()

// Ids are below 2^24 and places below 2^26, so that keys of two fit a number's 53 bits.
const pairKey = (left: number, right: number) => left * 0x1000000 + right
const places = 0x4000000

/** BPE: starts from characters and joins, again and again, the neighbours whose merge was learned first. */
export function bpeModel(config: Config, vocab: Map<string, number>, unkId: number | undefined): Model {
  for (const field of ['continuing_subword_prefix', 'end_of_word_suffix', 'dropout'])
    if (config[field]) unsupported(`a BPE model with ${field} ${nameOf(config[field])}`)
  const is = (field: string) => config[field] !== undefined && flag(config, field)
  const ranks = new Map<number, number>()
  /** What the merge of each rank makes. */
  const made: number[] = []
  checkMerges(config.merges, vocab, (left, right, id) => {
    ranks.set(pairKey(left, right), made.length)
    made.push(id)
  })
  const bytes = is('byte_fallback') ? byteIds(vocab) : undefined
  const fusesUnknown = is('fuse_unk')
  const takesWholeWords = is('ignore_merges')

  return (word) => {
    const whole = takesWholeWords ? vocab.get(word) : undefined
    if (whole !== undefined) return [{ id: whole, start: 0, end: word.length }]
    return merge(characters(word))
  }

  function characters(word: string): Part[] {
    const parts: Part[] = []
    let end = 0
    for (const character of word) {
      const start = end
      end += character.length
      const id = vocab.get(character)
      const last = parts.at(-1)
      if (id !== undefined) parts.push({ id, start, end })
      else if (bytes) for (const byte of utf8.encode(character)) parts.push({ id: bytes[byte], start, end })
      else if (unkId === undefined) continue
      else if (fusesUnknown && last?.id === unkId) last.end = end
      else parts.push({ id: unkId, start, end })
    }
    return parts
  }

  function merge(parts: Part[]): Part[] {
    const next = Int32Array.from(parts, (_, i) => i + 1)
    const previous = Int32Array.from(parts, (_, i) => i - 1)
    const ids = Int32Array.from(parts, ({ id }) => id)
    const heap = new Heap()
    const rankAt = (at: number) =>
      at >= 0 && next[at] < parts.length ? ranks.get(pairKey(ids[at], ids[next[at]])) : undefined
    // The lowest rank first; of equals the leftmost.
    const offer = (at: number) => {
      const rank = rankAt(at)
      if (rank !== undefined) heap.push(rank * places + at)
    }
    for (let at = 0; at < parts.length - 1; at++) offer(at)
    for (let key = heap.pop(); key !== undefined; key = heap.pop()) {
      const at = key % places
      const rank = (key - at) / places
      // Another merge may have taken one of the two.
      if (ids[at] < 0 || rankAt(at) !== rank) continue
      const gone = next[at]
      ids[at] = made[rank]
      ids[gone] = -1
      next[at] = next[gone]
      if (next[at] < parts.length) previous[next[at]] = at
      parts[at] = { id: ids[at], start: parts[at].start, end: parts[gone].end }
      offer(previous[at])
      offer(at)
    }
    return parts.filter((_, at) => ids[at] >= 0)
  }
}

/** The smallest number first. */
class Heap {
  readonly #items: number[] = []

  push(item: number): void {
    const items = this.#items
    let at = items.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (items[parent] <= item) break
      items[at] = items[parent]
      at = parent
    }
    items[at] = item
  }

  pop(): number | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && items[child + 1] < items[child]) child++
      if (items[child] >= last) break
      items[at] = items[child]
      at = child
    }
    items[at] = last
    return top
  }
}
