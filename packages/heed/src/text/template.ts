import { isRecord } from '../json.js'
import { fail, nameOf, stepsOf, unsupported } from './format.js'
import type { Config } from './format.js'

// All encodings have them, and a list of any length could not be passed on.
const mostIds = 1024

/** The ids that a post-processor puts before and after a text. */
export interface Template {
  before: number[]
  after: number[]
}

/**
 * The `post_processor` of a tokenizer.json, for single texts.
 *
 * @param idOf the id of a piece
 * @throws HeedError `format` or `unsupported`
 */
export function templateOf(config: unknown, idOf: (piece: string) => number | undefined): Template {
  const around: Template = { before: [], after: [] }
  for (const step of stepsOf(config, 'post_processor', 'processors')) {
    const { before, after } = stepOf(step, idOf)
    around.before.unshift(...before)
    around.after.push(...after)
    checkCount(around.before.length + around.after.length)
  }
  return around
}

function checkCount(ids: number): void {
  if (ids > mostIds) fail(`its post_processor puts ${ids} tokens around a text, more than ${mostIds}`)
}

function stepOf(config: Config, idOf: (piece: string) => number | undefined): Template {
  const known = (piece: unknown): number =>
    (typeof piece === 'string' ? idOf(piece) : undefined) ??
    fail(`its post_processor puts ${nameOf(piece)}, which is not in its vocabulary`)
  switch (config.type) {
    // It only trims offsets.
    case 'ByteLevel':
      return { before: [], after: [] }
    case 'BertProcessing':
    case 'RobertaProcessing': {
      const [cls, sep] = [config.cls, config.sep].map((pair) => known(Array.isArray(pair) ? pair[0] : pair))
      return { before: [cls], after: [sep] }
    }
    case 'TemplateProcessing':
      return ofItems(config, known)
    default:
      return unsupported(`the post-processor ${nameOf(config)}`)
  }
}

function ofItems({ single, special_tokens }: Config, known: (piece: unknown) => number): Template {
  const items = Array.isArray(single) ? (single as unknown[]) : []
  const isText = (item: unknown) => isRecord(item) && isRecord(item.Sequence) && item.Sequence.id === 'A'
  const text = items.findIndex(isText)
  if (text < 0) fail('its post_processor drops the text')
  const idsOf = (item: unknown): number[] => {
    const name = isRecord(item) && isRecord(item.SpecialToken) ? item.SpecialToken.id : item
    const entry = isRecord(special_tokens) && typeof name === 'string' ? special_tokens[name] : undefined
    return isRecord(entry) && Array.isArray(entry.tokens) ? entry.tokens.map(known) : [known(name)]
  }
  // Not all at once: each item may name the same long list.
  const idsOfAll = (part: readonly unknown[]) => {
    const ids: number[] = []
    for (const item of part) {
      const own = idsOf(item)
      checkCount(ids.length + own.length)
      ids.push(...own)
    }
    return ids
  }
  return { before: idsOfAll(items.slice(0, text)), after: idsOfAll(items.slice(text + 1)) }
}
