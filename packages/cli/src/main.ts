import { Command, CommanderError } from 'commander'
import { enableRelaxedSimd } from 'heed'
import { visibleLine } from 'heed/look'
import { addAblate } from './commands/ablate.js'
import { addEmbed } from './commands/embed.js'
import { addExperiment } from './commands/experiment.js'
import { addFill } from './commands/fill.js'
import { addGenerate } from './commands/generate.js'
import { addHeads } from './commands/heads.js'
import { addLogits } from './commands/logits.js'
import { addModels } from './commands/models.js'
import { addPatch } from './commands/patch.js'
import { addSee } from './commands/see.js'
import { addSimilar } from './commands/similar.js'
import { addTrain } from './commands/train.js'
import { addTranslate } from './commands/translate.js'
import { addTune } from './commands/tune.js'
import { describe } from './errors.js'
import { outputColumns } from './terminal/columns.js'
import { version } from './version.js'

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
  heed models                              what can be run
  heed <command> --help                    more examples

\`heed <text>\` is \`heed see <text>\`.`,
  )

addSee(program)
addTranslate(program)
addEmbed(program)
addFill(program)
addSimilar(program)
addGenerate(program)
addHeads(program)
addLogits(program)
addAblate(program)
addPatch(program)
addModels(program)
addTrain(program)
addTune(program)
addExperiment(program)

function fail(error: unknown): void {
  process.exitCode = 1
  if (!(error instanceof CommanderError)) return void say(describe(error, Boolean(program.opts().verbose)))
  // commander has printed its own message; 2 means that the arguments could not be parsed
  process.exitCode = error.exitCode === 0 ? 0 : 2
  if (error.code === 'commander.help' && error.exitCode !== 0)
    say('a command is missing or unknown; heed --help lists them')
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
  if (process.argv.length === 2) program.outputHelp()
  else await program.parseAsync()
} catch (error) {
  fail(error)
}
