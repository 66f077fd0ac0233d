import type { Question, QuestionId, QuestionOf } from './questions.js'

/** A link that a mask forbids: the query may not see the key. Both from 0. */
export type Link = readonly [query: number, key: number]

/** What an answer to a question of a kind is. */
export interface Answers {
  /** The id of an option. */
  choice: string
  number: number
  mask: readonly Link[]
  /** What scores are divided by. */
  scale: number
  /** Heads that are kept. */
  heads: readonly number[]
}
export type AnswerTo<Id extends QuestionId> = Answers[QuestionOf<Id>['kind']]
export type Answer = Answers[Question['kind']]

/**
 * An answer as it is typed: `2` or `b` for an option, `0,5` or `0.5` for a number, `1>2 1>3` for links that a mask forbids
 * (from 1), `0 2` for heads (from 0), `-` for none of either. Undefined for what is no answer.
 *
 * @param options of a choice, in the order in which they are shown
 */
export function parseAnswer(
  question: Question,
  text: string,
  options: readonly string[],
): Answer | undefined {
  const typed = text.trim()
  switch (question.kind) {
    case 'choice':
      return optionOf(typed, options)
    case 'number':
    case 'scale':
      return numberOf(typed)
    case 'mask':
      return linksOf(typed)
    case 'heads':
      return headsOf(typed)
  }
}

function optionOf(typed: string, options: readonly string[]): string | undefined {
  if (/^\d$/.test(typed)) return options[Number(typed) - 1]
  return /^[a-z]$/i.test(typed) ? options[typed.toLowerCase().charCodeAt(0) - 97] : undefined
}

/** With a point or a comma, and the minus that is on keyboards or the one that is in print. */
function numberOf(typed: string): number | undefined {
  const plain = typed.replace('\u2212', '-').replace(',', '.')
  return /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(plain) ? Number(plain) : undefined
}

const isNone = (typed: string): boolean => /^[-\u2013\u2212]$/.test(typed)

function linksOf(typed: string): Link[] | undefined {
  if (isNone(typed)) return []
  const links = partsOf(typed).map((part) => /^(\d+)[>\-/](\d+)$/.exec(part))
  if (links.length === 0 || links.some((link) => link === null || Number(link[1]) < 1 || Number(link[2]) < 1))
    return undefined
  return links.map((link) => [Number(link![1]) - 1, Number(link![2]) - 1])
}

function headsOf(typed: string): number[] | undefined {
  if (isNone(typed)) return []
  const parts = partsOf(typed)
  return parts.length > 0 && parts.every((part) => /^\d+$/.test(part)) ? parts.map(Number) : undefined
}

const partsOf = (typed: string): string[] => typed.split(/[\s,;]+/).filter((part) => part !== '')

/** An answer as `parseAnswer` reads it; of a choice its id. */
export function formatAnswer(answer: Answer): string {
  if (typeof answer === 'string' || typeof answer === 'number') return String(answer)
  const parts = answer.map((part) =>
    typeof part === 'number' ? String(part) : `${part[0] + 1}>${part[1] + 1}`,
  )
  return parts.length === 0 ? '-' : parts.join(' ')
}
