import {
  answerText,
  asked,
  explanation,
  plain,
  type Progress,
  proofText,
  questionOf,
  rowName,
  type Verdict,
  type Words,
} from 'heed-learn'
import { mapSvg, type Theme } from 'heed/look'
import type { Saving } from '../../app/share.svelte'
import { wordTokens } from './tokens'

/** The proof on the page, and how the round stands, as files. */
export function savingsOf(
  said: Words,
  progress: Progress,
  verdict: Verdict | undefined,
  theme: Theme,
): Saving[] {
  const { save } = said.page
  const own = verdict?.isRight ? [...picture(said, verdict, theme), facts(said, verdict)] : []
  return [
    ...own,
    {
      name: save.progress,
      file: 'heed-quiz.json',
      type: 'application/json',
      make: () => JSON.stringify(progress),
    },
  ]
}

function picture(said: Words, verdict: Verdict, theme: Theme): Saving[] {
  const { id, rows } = verdict
  if (rows.length === 0) return []
  const drawn = {
    title: plain(said, asked(said, questionOf(id))),
    queries: wordTokens(rows.map((row) => rowName(said, row))),
    keys: wordTokens(rows[0].labels),
    weights: rows.map(({ weights }) => [...weights]),
  }
  return [
    {
      name: said.page.save.rows,
      file: `heed-quiz-${id}.svg`,
      type: 'image/svg+xml',
      make: () => mapSvg(drawn, { theme }),
    },
  ]
}

const facts = (said: Words, verdict: Verdict): Saving => ({
  name: said.page.save.facts,
  file: `heed-quiz-${verdict.id}.json`,
  type: 'application/json',
  make: () => {
    const question = questionOf(verdict.id)
    return JSON.stringify({
      question: plain(said, asked(said, question)),
      answer: plain(said, answerText(said, question, verdict.key)),
      explanation: plain(said, explanation(said, verdict)),
      proof: plain(said, proofText(said, verdict)),
      facts: verdict.facts,
    })
  },
})
