/** A string that stands at a place: its value, and where it ends. */
export interface Match<Value> {
  value: Value
  end: number
}

const none: readonly never[] = []

/** Strings with a value each, and which of them stand at a place of a text. */
export class Prefixes<Value> {
  /** In the order of their UTF-16 units, in which strings with a prefix in common are neighbours. */
  readonly #strings: string[]
  readonly #values: Value[]
  /** For each first unit up to the largest, where the strings with it start: they end where those of the next unit start. */
  readonly #starts: Int32Array

  /** @param values by string, none of them empty */
  constructor(values: ReadonlyMap<string, Value>) {
    this.#strings = [...values.keys()].sort()
    this.#values = this.#strings.map((string) => values.get(string)!)
    this.#starts = new Int32Array(this.#strings.length > 0 ? this.#strings.at(-1)!.charCodeAt(0) + 2 : 0)
    for (const string of this.#strings) this.#starts[string.charCodeAt(0) + 1]++
    for (let unit = 1; unit < this.#starts.length; unit++) this.#starts[unit] += this.#starts[unit - 1]
  }

  /** The strings that stand at `at`, the shortest first. Reads no further than a prefix of one goes. */
  at(text: string, at: number): readonly Match<Value>[] {
    const first = text.charCodeAt(at)
    let low = this.#starts[first]
    let high = this.#starts[first + 1]
    if (!(low < high)) return none // above the largest unit they are undefined
    const found: Match<Value>[] = []
    for (let length = 1; ; length++) {
      // The shortest of the strings with a prefix is the first of them.
      if (this.#strings[low].length === length) found.push({ value: this.#values[low++], end: at + length })
      if (low === high || at + length === text.length) return found
      const unit = text.charCodeAt(at + length)
      low = this.#firstFrom(unit, low, high, length)
      high = this.#firstFrom(unit + 1, low, high, length)
      if (low === high) return found
    }
  }

  /** The first of the strings from `low` up to `high` that has such a unit, or one above it, at the place. */
  #firstFrom(unit: number, low: number, high: number, place: number): number {
    const strings = this.#strings
    // Mostly all of them have the same.
    if (low < high && strings[high - 1].charCodeAt(place) < unit) return high
    if (low < high && strings[low].charCodeAt(place) >= unit) return low
    while (low < high) {
      const middle = (low + high) >> 1
      if (strings[middle].charCodeAt(place) < unit) low = middle + 1
      else high = middle
    }
    return low
  }
}
