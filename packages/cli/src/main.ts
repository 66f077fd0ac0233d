import { Command, CommanderError } from 'commander'
import { enableRelaxedSimd } from 'heed'
import { visibleLine } from 'heed/look'
import { describe } from './errors.js'
import { outputColumns } from './terminal/columns.js'
import { version } from './package.js'

/** Each command's code is loaded when it is named: starting is most of what a short command takes. */
const commands: Record<string, () => Promise<(program: Command) => void>> = {
  see: async () => (await import('./commands/see.js')).addSee,
  translate: async () => (await import('./commands/translate.js')).addTranslate,
  embed: async () => (await import('./commands/embed.js')).addEmbed,
  fill: async () => (await import('./commands/fill.js')).addFill,
  describe: async () => (await import('./commands/describe.js')).addDescribe,
  similar: async () => (await import('./commands/similar.js')).addSimilar,
  generate: async () => (await import('./commands/generate.js')).addGenerate,
  heads: async () => (await import('./commands/heads.js')).addHeads,
  logits: async () => (await import('./commands/logits.js')).addLogits,
  ablate: async () => (await import('./commands/ablate.js')).addAblate,
  patch: async () => (await import('./commands/patch.js')).addPatch,
  models: async () => (await import('./commands/models.js')).addModels,
  train: async () => (await import('./commands/train.js')).addTrain,
  runs: async () => (await import('./commands/runs.js')).addRuns,
  tune: async () => (await import('./commands/tune.js')).addTune,
  studio: async () => (await import('./commands/studio.js')).addStudio,
  quiz: async () => (await import('./commands/quiz.js')).addQuiz,
  experiment: async () => (await import('./commands/experiment.js')).addExperiment,
}

const say = (line: string) => process.stderr.write(`heed: ${line}\n`)

/** commander's message without its prefix and the line break before a suggestion. */
function oneLine(message: string): string {
  const line = visibleLine(message.replace(/^error: /, '').trim())
  if (/^unknown option '\S*\s/.test(line)) return `${line}; a text that starts with - goes after --`
  return line.startsWith("too many arguments for 'see'")
    ? `${line} Put a text in quotes; heed --help lists the commands.`
    : line
}

// Subcommands inherit what is set before they are added.
const program = new Command('heed')
  .description('Attention you can run, train and look inside.')
  .usage('"<text>" | <command> [options]')
  .version(version)
  .option('--verbose', 'show the stack trace of an error')
  .showSuggestionAfterError()
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({
    getOutHelpWidth: outputColumns,
    outputError: (message) => say(oneLine(message)),
    writeErr: () => undefined, // the whole help, where one line will do (below)
  })
  .addHelpText(
    'after',
    `
Examples:
  heed "The elephant is very large."       who attends to whom
  heed see "I see a dog." --svg map.svg    the same, also as a picture
  heed translate --file in.txt --out out.txt
  heed similar dog cat television          words as vectors: how near they are
  heed generate "Once upon a time" --model ./gpt2
  heed ablate "I see a dog."               which heads the translation needs
  heed studio --open                       see and change it in the browser
  heed quiz                                fifteen questions, each answer proved
  heed models                              what can be run
  heed runs                                what is, or was, in training
  heed <command> --help                    more examples

\`heed <text>\` is \`heed see <text>\`.`,
  )

/** The commands that these arguments may ask for: the one they begin with, all for the help of all, else the default. */
function wanted(args: readonly string[]): string[] {
  const [first] = args.filter((arg) => arg !== '--verbose')
  if (first !== undefined && Object.hasOwn(commands, first)) return [first]
  return first === undefined || ['help', '-h', '--help'].includes(first) ? Object.keys(commands) : ['see']
}

/** The command whose own commands were to be named, as in `heed train`. */
const groupOf = (args: readonly string[]) => args.filter((arg) => Object.hasOwn(commands, arg)).slice(0, 1)

function fail(error: unknown): void {
  process.exitCode = 1
  if (!(error instanceof CommanderError)) return void say(describe(error, Boolean(program.opts().verbose)))
  // commander has printed its own message; 2 means that the arguments could not be parsed
  process.exitCode = error.exitCode === 0 ? 0 : 2
  if (error.code === 'commander.help' && error.exitCode !== 0)
    say(`a command is missing or unknown; ${['heed', ...groupOf(process.argv)].join(' ')} --help lists them`)
}

// Ends of pipes go away (`heed … | head`): that is not an error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') fail(error)
  process.exit()
})
process.stderr.on('error', () => undefined)
process.on('uncaughtException', (error) => {
  fail(error)
  process.exit()
})

// On Node 20 this switches a flag of V8 for the whole process: the command's to set, not the library's.
enableRelaxedSimd()

try {
  for (const name of wanted(process.argv.slice(2))) (await commands[name]())(program)
  if (process.argv.length === 2) program.outputHelp()
  else await program.parseAsync()
} catch (error) {
  fail(error)
}
