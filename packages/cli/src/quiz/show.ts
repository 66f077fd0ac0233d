import {
  answerText,
  asked,
  conditionsOf,
  explanation,
  howTo,
  isBuild,
  optionsOf,
  optionText,
  plain,
  type Progress,
  type Proof,
  type ProofRow,
  proofText,
  type Question,
  questions,
  rowName,
  scoreOf,
  stateOf,
  type Verdict,
  type Words,
} from 'heed-learn'
import { displayWidth, weight2, wrap } from 'heed/look'
import { cell } from '../terminal/heatmap.js'
import { screen } from '../terminal/screen.js'
import { table } from '../terminal/table.js'
import { pad } from '../terminal/text.js'

/** What the quiz says at a terminal, as lines that fit it. */
export function speaker(words: Words) {
  const { columns, style, strong, quiet } = screen()
  const lines = (text: string, indent = '') =>
    wrap(plain(words, text), Math.max(20, columns - indent.length)).map((line) => indent + line)

  /** The rows of a proof below one another, a cell for every weight; where that is too wide, as a list. */
  function picture({ rows }: Proof): string[] {
    if (rows.length === 0) return []
    const names = rows.map((row) => rowName(words, row))
    const gutter = Math.max(...names.map(displayWidth))
    const widths = rows[0].labels.map((label) => Math.max(5, displayWidth(label) + 2))
    if (gutter + 1 + widths.reduce((a, b) => a + b, 0) > columns)
      return ['', ...rows.flatMap((row, i) => lines(`${names[i]}: ${listed(row)}`))]
    const labels = rows[0].labels.map((label, j) => style.key(pad(label, widths[j], 'center')))
    const drawn = rows.map(({ weights }, i) => {
      const cells = weights.map((weight, j) => cell(weight, widths[j], style))
      return `${style.query(pad(names[i], gutter, 'right'))} ${cells.join('')}`.trimEnd()
    })
    return [
      '',
      `${' '.repeat(gutter + 1)}${labels.join('')}`.trimEnd(),
      ...drawn,
      ...quiet(words.terminal.legend),
    ]
  }

  const listed = ({ labels, weights }: ProofRow) =>
    labels.map((label, j) => `${label} ${weight2(weights[j])}`).join(', ')

  function proof(proof: Proof): string[] {
    const { place } = proof
    const command =
      place && `heed see "${place.text}" --model ${place.model} --site ${place.site} --head ${place.head}`
    return [
      '',
      ...quiet(`${words.quiz.proof}, ${words.quiz.took(proof.milliseconds)}`),
      ...lines(proofText(words, proof)),
      ...picture(proof),
      ...(command ? quiet(`${words.terminal.see} ${command}`) : []),
    ]
  }

  const conditions = (verdict: Verdict) =>
    conditionsOf(words, verdict).flatMap(({ says, value, holds }) =>
      lines(`${holds ? '✓' : '✗'} ${says} (${value})`, '  '),
    )

  return {
    question(question: Question, progress: Progress): string[] {
      const { quiz, topics, kinds } = words
      const { answered, total } = scoreOf(progress)
      const at = Object.keys(progress.first).indexOf(question.id)
      const about = question.topics.map((topic) => topics[topic]).join(', ')
      const again = progress.first[question.id] === false ? [quiz.again] : []
      const head = [
        quiz.question(at < 0 ? answered + 1 : at + 1, total),
        about,
        kinds[question.kind],
        quiz.minutes(question.minutes),
      ]
      const options = optionsOf(question, progress.seed).flatMap((option, i) => {
        const [first, ...rest] = lines(optionText(words, question, option), '     ')
        return [`  ${style.strong(String(i + 1))}  ${first.trimStart()}`, ...rest]
      })
      return [
        '',
        ...quiet([...head, ...again].join(' · ')),
        '',
        ...strong(plain(words, asked(words, question))),
        '',
        ...(options.length > 0 ? [...options, ''] : []),
        ...(isBuild(question) ? [...lines(howTo(words, question, 'terminal')), ''] : []),
      ]
    },

    verdict(verdict: Verdict, question: Question): string[] {
      const { quiz } = words
      const built = isBuild(question)
      const said = verdict.isRight ? quiz.right : built ? quiz.notYet : quiz.wrong
      return [
        '',
        ...lines(`${verdict.isRight ? '✓' : '✗'} ${said} ${explanation(words, verdict)}`),
        ...(built ? conditions(verdict) : []),
        ...(verdict.isRight ? proof(verdict) : built ? [] : quiet(quiz.comesBack)),
      ]
    },

    /** To who does not know. */
    answer(verdict: Verdict, question: Question): string[] {
      const { answerWas, comesBack } = words.quiz
      return [
        '',
        ...lines(`${answerWas} ${answerText(words, question, verdict.answer)}`),
        ...lines(explanation(words, verdict)),
        ...(isBuild(question) ? conditions(verdict) : []),
        ...proof(verdict),
        ...quiet(comesBack),
      ]
    },

    intro: (): string[] => [
      ...strong(words.quiz.title),
      ...lines(words.quiz.about),
      ...quiet(words.terminal.others),
    ],

    end(progress: Progress): string[] {
      const { right, answered, total, isDone } = scoreOf(progress)
      const { quiz, terminal } = words
      const score = answered > 0 ? [quiz.score(right, answered)] : []
      if (!isDone) return ['', ...strong([...score, terminal.left(answered, total)].join('; '))]
      const missed =
        progress.missed.length > 0 ? `${quiz.missed(progress.missed.length)}; ${terminal.review} ` : ''
      return ['', ...strong(quiz.done(right, total)), ...lines(missed + terminal.after)]
    },

    list(progress: Progress): string[] {
      const rows = questions.map((question, i) => [
        String(i + 1),
        question.id,
        question.topics.map((topic) => words.topics[topic]).join(', '),
        words.kinds[question.kind],
        String(question.minutes),
        words.quiz.states[stateOf(progress, question.id)],
      ])
      const head = [...words.terminal.columns]
      return table([head, ...rows], {
        columns,
        align: ['right', 'left', 'left', 'left', 'right', 'left'],
        paint: (text, row) => (row === 0 ? style.quiet(text) : text),
      })
    },

    plain: lines,
  }
}

export type Speaker = ReturnType<typeof speaker>
