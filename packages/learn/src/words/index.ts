import { type Answer, formatAnswer, type Link } from '../answers.js'
import type { Proof, ProofRow, Verdict } from '../proofs/index.js'
import { given, isChoice, isNumber, type Question, questionOf } from '../questions.js'
import { de } from './de.js'
import { en } from './en.js'
import { numbersIn } from './numbers.js'
import type { Words, WordsOf } from './types.js'

export type { Words } from './types.js'

/** Every language in which the quiz is whole. */
export const languages = { en, de } satisfies Record<string, Words>
export type Language = keyof typeof languages

// A question's words and its facts belong together, which a type that holds all fifteen cannot say of one of them.
interface AnyWords {
  ask: string
  proof: (facts: unknown) => string
  options: Record<string, { says: string; why: string }>
  right: string
  slips: Record<string, string>
  other: string
  how: { page: string; terminal: string }
  conditions: Record<string, { says: string; value: (facts: unknown) => string }>
}

const wordsOf = (words: Words, { id }: Question): AnyWords =>
  words.questions[id] as WordsOf<Question> as unknown as AnyWords

/** What is asked. */
export const asked = (words: Words, question: Question): string => wordsOf(words, question).ask

/** What an option says. */
export const optionText = (words: Words, question: Question, option: string): string =>
  wordsOf(words, question).options[option].says

/** How a build is made; empty for other questions. */
export const howTo = (words: Words, question: Question, where: 'page' | 'terminal'): string =>
  isChoice(question) || isNumber(question) ? '' : wordsOf(words, question).how[where]

/** What the proof found, in a few sentences. */
export const proofText = (words: Words, { id, facts }: Pick<Proof, 'id' | 'facts'>): string =>
  wordsOf(words, questionOf(id)).proof(facts)

/** What is to be said to this very answer. */
export function explanation(
  words: Words,
  { id, isRight, why }: Pick<Verdict, 'id' | 'isRight' | 'why'>,
): string {
  const question = questionOf(id)
  const said = wordsOf(words, question)
  if (isChoice(question)) return said.options[why!].why
  if (isRight) return said.right
  return why === undefined ? said.other : said.slips[why]
}

/** The conditions of a build, with what it reached. */
export const conditionsOf = (
  words: Words,
  { id, facts, conditions }: Pick<Verdict, 'id' | 'facts' | 'conditions'>,
): { says: string; value: string; holds: boolean }[] =>
  conditions.map(({ id: condition, holds }) => {
    const { says, value } = wordsOf(words, questionOf(id)).conditions[condition]
    return { says, value: value(facts), holds }
  })

/** An answer in words. */
export function answerText(words: Words, question: Question, answer: Answer): string {
  switch (question.kind) {
    case 'choice':
      return optionText(words, question, answer as string)
    case 'number':
    case 'scale':
      return numbersIn(words.language as Language).short(answer as number)
    case 'mask':
      return linksText(answer as readonly Link[])
    case 'heads':
      return formatAnswer(answer)
  }
}

const linksText = (links: readonly Link[]): string =>
  links.length === 0
    ? '-'
    : links.map(([query, key]) => `${given.mask.tokens[query]} > ${given.mask.tokens[key]}`).join(', ')

/** A text in parts: words of sentences stand between stars, an index behind `_`. */
export function marked(text: string): { text: string; as: 'plain' | 'word' | 'index' }[] {
  return text
    .split(/(\*[^*]+\*|(?<=\b[A-Za-z])_[A-Za-z]\b)/)
    .filter((part) => part !== '')
    .map((part) =>
      part.startsWith('*')
        ? { text: part.slice(1, -1), as: 'word' }
        : part.startsWith('_')
          ? { text: part.slice(1), as: 'index' }
          : { text: part, as: 'plain' },
    )
}

/** The same in plain text, words of sentences in quotation marks. */
export const plain = (words: Words, text: string): string =>
  text.replace(/\*([^*]+)\*/g, (_, word: string) => words.quoted(word))

/** Rows of a proof as they are named. */
export const rowName = (words: Words, { id, of }: Pick<ProofRow, 'id' | 'of'>): string => words.rows[id](of)
