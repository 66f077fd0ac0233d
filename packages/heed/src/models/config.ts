import { HeedError } from '../errors.js'
import { isRecord, quote } from '../json.js'

/**
 * Reads a config.json field by field. It is untrusted, and a field that is ignored in silence gives well-formed,
 * wrong results: so every field is read, benign for a stated reason, or refused by `end` by name. A field that is
 * null counts as absent, as Hugging Face writes it.
 */
export class ConfigReader {
  readonly #read = new Set<string>()

  constructor(
    readonly json: Readonly<Record<string, unknown>>,
    /** What errors call it, such as the model type. */
    readonly name: string,
  ) {}

  /** A whole number from `min` to `max`. */
  count(field: string, { min = 1, max, fallback }: { min?: number; max: number; fallback?: number }): number {
    const range = `a whole number from ${min} to ${max}`
    return this.#field(field, fallback, range, (x): x is number => Number.isInteger(x) && within(x, min, max))
  }

  /** A number in [min, below). */
  number(field: string, { min, below, fallback }: { min: number; below: number; fallback?: number }): number {
    const range = `a number from ${min} to below ${below}`
    return this.#field(field, fallback, range, (x): x is number => within(x, min, below) && x !== below)
  }

  oneOf<T extends string | boolean | number>(field: string, values: readonly T[], fallback?: T): T {
    return this.#field(field, fallback, values.map((value) => quote(value)).join(' or '), (x): x is T =>
      values.includes(x as T),
    )
  }

  /** Fields that change nothing here, each with the reason. */
  benign(reasons: Readonly<Record<string, string>>): void {
    for (const field of Object.keys(reasons)) this.#read.add(field)
  }

  /** Whether the field is there and says something; null says nothing. */
  has(field: string): boolean {
    return Object.hasOwn(this.json, field) && this.json[field] !== null
  }

  /** A reader of the object that a field holds; its fields are read, or refused by its `end`. */
  inner(field: string, fallback?: Record<string, unknown>): ConfigReader {
    const object = this.#field(field, fallback, 'an object', isRecord)
    return new ConfigReader(object, `${this.name}: ${field}`)
  }

  strings(field: string, fallback?: string[]): string[] {
    return this.#field(field, fallback, 'a list of strings', isStrings)
  }

  /** @throws HeedError `unsupported` when fields are left that nobody read. */
  end(): void {
    const unknown = Object.keys(this.json).filter((field) => !this.#read.has(field))
    if (unknown.length > 0)
      throw new HeedError(
        'unsupported',
        `${this.name}: config.json has ${unknown.map((field) => quote(field)).join(', ')}, unknown here; there are ${[...this.#read].join(', ')}`,
      )
  }

  #field<T>(field: string, fallback: T | undefined, expected: string, is: (x: unknown) => x is T): T {
    this.#read.add(field)
    const value = this.has(field) ? this.json[field] : fallback
    if (value === undefined)
      throw new HeedError('format', `${this.name}: config.json has no '${field}', ${expected}`)
    if (!is(value))
      throw new HeedError(
        'format',
        `${this.name}: config.json '${field}' is ${quote(value)}, expected ${expected}`,
      )
    return value
  }
}

const within = (x: unknown, min: number, max: number): x is number =>
  typeof x === 'number' && x >= min && x <= max

const isStrings = (x: unknown): x is string[] => Array.isArray(x) && x.every((s) => typeof s === 'string')
