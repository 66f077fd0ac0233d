import { HeedError } from '../errors.js'
import { isRecord, quote } from '../json.js'
import type { ModelFiles } from './family.js'

/** What one side of a conversation said. */
export interface ChatMessage {
  /** Such as `system`, `user`, `assistant`: what the model's template knows. */
  role: string
  content: string
}

/**
 * The conversation as the text that the model was trained on, up to where its answer begins. The template is
 * chat_template.jinja, else `chat_template` of tokenizer_config.json.
 *
 * Templates come with models and are untrusted. Jinja reaches nothing but the values it is given, yet it has loops and
 * texts that double: each value has a limit of size, and the whole one of time, `milliseconds` (default 2000), which a
 * single step may exceed a little.
 *
 * @throws HeedError `unsupported` when the model has no template, `format` for one that is damaged or works too long,
 *   `input` for a conversation that is none or that the template refuses
 */
export async function renderChat(
  messages: readonly ChatMessage[],
  files: ModelFiles,
  { milliseconds = 2000 }: { milliseconds?: number } = {},
): Promise<string> {
  const wrong =
    !Array.isArray(messages) ||
    messages.length === 0 ||
    [...(messages as unknown[])].some(
      (message) => !isRecord(message) || !areTexts(message.role, message.content),
    )
  if (wrong)
    throw new HeedError(
      'input',
      'a chat must be a list of messages { role, content }, both texts, at least one',
    )
  const template = templateOf(files)
  const jinja = (await import('@huggingface/jinja')) as unknown as Jinja
  const values = {
    ...constants,
    ...specialTokens(files.tokenizerConfig ?? {}),
    messages: messages.map(({ role, content }) => ({ role, content })),
    add_generation_prompt: true,
    tools: null,
    documents: null,
  }
  const end = performance.now() + milliseconds
  const checkTime = () => {
    if (performance.now() > end) throw tooMuch(`more than ${milliseconds} ms of work`)
  }
  try {
    const environment = new jinja.Environment()
    for (const [name, value] of Object.entries(values)) environment.set(name, value)
    const program = jinja.parse(jinja.tokenize(template, { lstrip_blocks: true, trim_blocks: true }))
    return new (bounded(jinja.Interpreter, checkTime))(environment).run(program).value as string
  } catch (cause) {
    if (cause instanceof HeedError) throw cause
    const { message } = cause as Error
    if (cause instanceof Refusal)
      throw new HeedError('input', `the chat template refuses this chat: ${quote(message)}`, { cause })
    throw new HeedError('format', `the chat template cannot be used: ${quote(message)}`, { cause })
  }
}

/** What is used of `@huggingface/jinja`, whose own types do not resolve under NodeNext. */
interface Jinja {
  Environment: new () => { set(name: string, value: unknown): void }
  Interpreter: new (environment: unknown) => Interpreter
  tokenize(template: string, options: { lstrip_blocks: boolean; trim_blocks: boolean }): unknown
  parse(tokens: unknown): unknown
}

interface Interpreter {
  /** Every step: statements and expressions, each inside those that hold it. */
  evaluate(node: unknown, environment: unknown): Value
  run(program: unknown): Value
}

/** A text, a number …, a list, or a map by name; namespaces alone change after they are made. */
interface Value {
  type: string
  value: unknown
}

/** What a template says itself with raise_exception. */
class Refusal extends Error {}

const constants = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  raise_exception: (message: unknown) => {
    throw new Refusal(String(message))
  },
  range: (start: number, stop?: number, step = 1) => {
    const [first, end] = stop === undefined ? [0, start] : [start, stop]
    const count = Math.max(0, Math.ceil((end - first) / step))
    if (!(count <= LONGEST_LIST)) throw tooMuch(`a range of ${count} numbers`)
    return Array.from({ length: count }, (_, i) => first + i * step)
  },
  strftime_now: (format: string) => dateText(new Date(), format),
}

/** Characters and members of one value, with all that is inside. */
const LARGEST = 2 ** 20
/** Members of one list or map: a loop over them may be a single step, when there is nothing in it. */
const LONGEST_LIST = 2 ** 16

const tooMuch = (what: string) =>
  new HeedError('format', `the chat template makes ${what}, which no chat needs; is it what it claims to be?`)

/** The interpreter, in steps that are each small because what they work on is. */
function bounded(Base: Jinja['Interpreter'], checkTime: () => void): Jinja['Interpreter'] {
  return class extends Base {
    readonly #sizes = new WeakMap<Value, number>()

    override evaluate(node: unknown, environment: unknown): Value {
      checkTime()
      const value = super.evaluate(node, environment)
      this.#measure(value, 0)
      checkTime()
      return value
    }

    /** Adds the size of a value, what stands in it twice counted twice, as in the text that it becomes. */
    #measure(value: Value, before: number): { size: number; fixed: boolean } {
      let size = 1
      let fixed = value.type !== 'NamespaceValue'
      const known = this.#sizes.get(value)
      if (known !== undefined) size = known
      else if (typeof value.value === 'string') size = value.value.length
      else if (Array.isArray(value.value) || value.value instanceof Map) {
        const members = Array.isArray(value.value) ? value.value.length : value.value.size
        if (members > LONGEST_LIST) throw tooMuch(`a list of ${members} members`)
        for (const inner of value.value.values() as Iterable<Value>) {
          const part = this.#measure(inner, before + size)
          size += part.size
          fixed &&= part.fixed
        }
      }
      if (before + size > LARGEST) throw tooMuch(`a value of more than ${LARGEST} characters`)
      if (fixed && typeof value.value === 'object') this.#sizes.set(value, size)
      return { size, fixed }
    }
  }
}

/** `bos_token` and its kin; each is a text, or an added token as an object. */
function specialTokens(config: Record<string, unknown>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, token] of Object.entries(config)) {
    const text = isRecord(token) ? token.content : token
    if (name.endsWith('_token') && typeof text === 'string') found[name] = text
  }
  return found
}

const areTexts = (...values: unknown[]): boolean => values.every((value) => typeof value === 'string')

/** The template, or the one named `default` of several. */
function templateOf({ chatTemplate, tokenizerConfig }: ModelFiles): string {
  const stated: unknown = chatTemplate ?? tokenizerConfig?.chat_template ?? undefined
  if (stated === undefined)
    throw new HeedError(
      'unsupported',
      'this model has no chat template, so it was hardly trained to chat; give the prompt as text',
    )
  const named = Array.isArray(stated)
    ? (stated as unknown[]).find((entry) => isRecord(entry) && entry.name === 'default')
    : undefined
  const template: unknown = isRecord(named) ? named.template : stated
  if (typeof template !== 'string')
    throw new HeedError(
      'format',
      `tokenizer_config.json: chat_template is ${quote(stated)}, expected a text, or a list with one named default`,
    )
  // The parser takes time that grows with the square of a run of white space.
  if (template.length > 2 ** 16 || /\s{1001}/.test(template))
    throw new HeedError(
      'format',
      'the chat template is longer than 65536 characters, or 1000 of white space in a row',
    )
  return template
}

/** The fields of strftime that templates use, in English whatever the machine speaks. */
function dateText(date: Date, format: string): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const month = (style: 'long' | 'short') => date.toLocaleString('en', { month: style })
  const fields: Record<string, () => string> = {
    '%Y': () => String(date.getFullYear()),
    '%m': () => two(date.getMonth() + 1),
    '%d': () => two(date.getDate()),
    '%b': () => month('short'),
    '%B': () => month('long'),
    '%H': () => two(date.getHours()),
    '%M': () => two(date.getMinutes()),
    '%%': () => '%',
  }
  return format.replace(/%[A-Za-z%]/g, (field) => fields[field]?.() ?? field)
}
