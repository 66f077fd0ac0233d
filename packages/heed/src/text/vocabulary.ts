import type { LiteralToken } from './added.js'
import type { Piece } from './decoders.js'
import { fail } from './format.js'
import { quote } from '../json.js'

// What models call them whose tokenizer_config.json does not say.
const usualNames = {
  bos_token: ['<s>', '<|begin_of_text|>', '<bos>', '[CLS]', '<|endoftext|>'],
  eos_token: ['</s>', '<|end_of_text|>', '<eos>', '[SEP]', '<|endoftext|>'],
  pad_token: ['<pad>', '[PAD]', '<|pad|>'],
  mask_token: ['[MASK]', '<mask>'],
  cls_token: ['[CLS]'],
  sep_token: ['[SEP]'],
}

/** The tokens of a model and those added to them: names and ids. */
export class Vocabulary {
  /** Ids are below this. */
  readonly size: number
  readonly #pieces: Piece[] = []
  readonly #ids: Map<string, number>
  readonly #specials: ReadonlySet<number>
  readonly #added: ReadonlyMap<string, number>

  constructor(vocab: ReadonlyMap<string, number>, added: readonly LiteralToken[]) {
    this.#ids = new Map(vocab)
    for (const [content, id] of vocab) this.#pieces[id] = { id, content, added: false }
    for (const { id, content } of added) {
      const other = this.#pieces[id]
      if (other && other.content !== content)
        fail(`the added token ${quote(content)} has the id ${id}, which is ${quote(other.content)}`)
      if ((this.#ids.get(content) ?? id) !== id)
        fail(`the added token ${quote(content)} has the id ${id}, and ${this.#ids.get(content)} elsewhere`)
      this.#pieces[id] = { id, content, added: true }
      this.#ids.set(content, id)
    }
    this.size = this.#pieces.length
    this.#specials = new Set(added.filter(({ special }) => special).map(({ id }) => id))
    this.#added = new Map(added.map(({ content, id }) => [content, id]))
  }

  idOf(content: string): number | undefined {
    return this.#ids.get(content)
  }

  piece(id: number): Piece | undefined {
    return this.#pieces[id]
  }

  isSpecial(id: number): boolean {
    return this.#specials.has(id)
  }

  /** The id of a token that tokenizer_config.json names or, where it does not, of the first usual name that was added. */
  named(name: keyof typeof usualNames, config: Record<string, unknown>): number | undefined {
    const entry = config[name]
    // A string, or an added token as an object.
    const content =
      typeof entry === 'string' ? entry : (entry as { content?: unknown } | null | undefined)?.content
    if (typeof content === 'string') return this.idOf(content)
    const usual = usualNames[name].find((content) => this.#added.has(content))
    return usual === undefined ? undefined : this.#added.get(usual)
  }
}
