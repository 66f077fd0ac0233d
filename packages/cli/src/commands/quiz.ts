import { type Command, Option } from 'commander'
import { useBackend } from 'heed'
import {
  asked,
  explanation,
  type Language,
  languages,
  optionText,
  plain,
  type Progress,
  proofText,
  questionOf,
  questions,
  review,
  reviewed,
  scoreOf,
  stateOf,
  type Verdict,
  type Words,
} from 'heed-learn'
import { type Engine, Prover } from 'heed-learn/proofs'
import { loadModel, type Model } from 'heed/models'
import { interruptible } from '../interrupt.js'
import { answerLines } from '../quiz/answers.js'
import { ask } from '../quiz/ask.js'
import { keeper, loadProgress, progressFile, restarted } from '../quiz/keep.js'
import { speaker } from '../quiz/show.js'

interface QuizFlags {
  list?: true
  review?: true
  restart?: true
  language: Language
  json?: true
}

export function addQuiz(program: Command): void {
  program
    .command('quiz')
    .description('fifteen questions on attention, each answer explained and proved by computing it')
    .option('--list', 'list the questions and how they stand, ask none')
    .addOption(new Option('--review', 'ask what was missed').conflicts(['list', 'restart']))
    .addOption(
      new Option('--restart', 'begin anew: shuffled, where there was a round before').conflicts('list'),
    )
    .addOption(
      new Option('--language <language>', 'what the quiz speaks')
        .choices(Object.keys(languages))
        .default('en'),
    )
    .option('--json', 'print one JSON document: questions, answers, explanations, facts')
    .addHelpText(
      'after',
      `
About 23 minutes. What is missed comes back at the end, until it is right; the
score is what was right at the first try. Progress is kept in
${progressFile()}

Away from a terminal answers are read from standard input, one a line: 1 to 4 for
an option, a number, and for the last three what is built. ? gives up, q leaves.

Examples:
  heed quiz
  heed quiz --language de
  heed quiz --review
  heed quiz --list
  printf '3\\n2\\n' | heed quiz --restart --json`,
    )
    .action(runQuiz)
}

async function runQuiz(flags: QuizFlags): Promise<void> {
  const words = languages[flags.language]
  const file = progressFile()
  const progress = flags.restart ? await restarted(file) : await loadProgress(file)
  if (flags.list) return list(progress, words, flags)
  const isReview = flags.review ?? false
  const show = speaker(words)
  const say = (lines: readonly string[]) => process.stdout.write(`${lines.join('\n')}\n`)
  const round = isReview ? review(progress) : progress
  if (round.queue.length === 0) {
    if (flags.json) return print(words, [], progress)
    return void say(isReview ? show.plain(words.quiz.nothingMissed) : show.end(progress).slice(1))
  }

  const counted = { progress }
  const stopped = () =>
    `stopped; ${scoreOf(counted.progress).answered} of ${questions.length} are answered, which is kept: heed quiz goes on from here`
  await interruptible(async (signal) => {
    const lines = await answerLines(signal)
    const given: Given[] = []
    const keep = keeper(file)
    using engine = shippedEngine(signal)
    try {
      // With --json standard output is the document's.
      const talk = flags.json ? (lines.isLive ? sayAside : () => undefined) : say
      if (scoreOf(progress).answered === 0 || isReview) talk(show.intro())
      if (flags.restart) await keep(progress)
      await ask(round, {
        prover: new Prover(engine),
        lines,
        words,
        speaker: show,
        say: talk,
        keep: (now) => keep((counted.progress = isReview ? reviewed(progress, now) : now)),
        onAnswer: (verdict, isGivenUp) => given.push({ verdict, isGivenUp }),
      })
      if (flags.json) print(words, given, counted.progress)
      else say(show.end(counted.progress))
    } finally {
      lines.close()
    }
  }, stopped)
}

const sayAside = (lines: readonly string[]) => void process.stderr.write(`${lines.join('\n')}\n`)

/** The shipped models, each loaded when a proof first asks for it. */
function shippedEngine(signal: AbortSignal): Engine & Disposable {
  const models = new Map<string, Promise<Model>>()
  let backend: Promise<unknown> | undefined
  const open = async (name: string): Promise<Model> => {
    await (backend ??= useBackend('wasm'))
    return loadModel(name, { signal })
  }
  return {
    signal,
    model(name) {
      const model = models.get(name) ?? open(name)
      models.set(name, model)
      return model as ReturnType<Engine['model']> as never
    },
    [Symbol.dispose]() {
      for (const model of models.values())
        void model.then(
          (open) => open.dispose(),
          () => undefined,
        )
    },
  }
}

function list(progress: Progress, words: Words, { json }: QuizFlags): void {
  if (!json) return void process.stdout.write(`${speaker(words).list(progress).join('\n')}\n`)
  const all = questions.map((question) => ({
    id: question.id,
    kind: question.kind,
    topics: question.topics,
    minutes: question.minutes,
    question: plain(words, asked(words, question)),
    ...(question.kind === 'choice' && {
      options: question.options.map((option) => ({
        id: option,
        text: plain(words, optionText(words, question, option)),
      })),
    }),
    state: stateOf(progress, question.id),
  }))
  process.stdout.write(
    `${JSON.stringify({ language: words.language, score: scoreOf(progress), questions: all })}\n`,
  )
}

interface Given {
  verdict: Verdict
  isGivenUp: boolean
}

function print(words: Words, given: readonly Given[], progress: Progress): void {
  const answers = given.map(({ verdict, isGivenUp }) => {
    const { id, answer, isRight, facts, milliseconds } = verdict
    return {
      id,
      question: plain(words, asked(words, questionOf(id))),
      answer: isGivenUp ? null : answer,
      right: isRight && !isGivenUp,
      explanation: plain(words, explanation(words, verdict)),
      // The proof of a question that comes back would tell its answer, unless that was asked for.
      ...(isRight && { key: answer, proof: plain(words, proofText(words, verdict)), facts, milliseconds }),
    }
  })
  const { missed } = progress
  process.stdout.write(
    `${JSON.stringify({ language: words.language, score: scoreOf(progress), missed, answers })}\n`,
  )
}
