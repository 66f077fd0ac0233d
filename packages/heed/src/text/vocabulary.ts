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
  readonly #contents: string[] = []
  readonly #ids: ReadonlyMap<string, number>
  readonly #specials: ReadonlySet<number>
  readonly #added = new Map<string, number>()

  constructor(vocab: ReadonlyMap<string, number>, added: readonly LiteralToken[]) {
    this.#ids = vocab
    for (const [content, id] of vocab) this.#contents[id] = content
    for (const { id, content } of added) {
      const other = this.#contents[id] ?? content
      if (other !== content)
        fail(`the added token ${quote(content)} has the id ${id}, which is ${quote(other)}`)
      const known = this.idOf(content) ?? id
      if (known !== id) fail(`the added token ${quote(content)} has the id ${id}, and ${known} elsewhere`)
      this.#contents[id] = content
      this.#added.set(content, id)
    }
    this.size = this.#contents.length
    this.#specials = new Set(added.filter(({ special }) => special).map(({ id }) => id))
  }

  idOf(content: string): number | undefined {
    return this.#added.get(content) ?? this.#ids.get(content)
  }

  piece(id: number): Piece | undefined {
    const content = this.#contents[id]
    return content === undefined ? undefined : { id, content, added: this.#added.has(content) }
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
