import { Command, CommanderError } from 'commander'
import { enableRelaxedSimd } from 'heed'
import { addModels } from './commands/models.js'
import { addSee } from './commands/see.js'
import { addTrain } from './commands/train.js'
import { addTranslate } from './commands/translate.js'
import { addTune } from './commands/tune.js'
import { describe } from './errors.js'
import { version } from './version.js'

const program = new Command('heed')
  .description('Attention you can run, train and look inside.')
  .version(version)
  .option('--verbose', 'show the stack trace of an error')
  .showSuggestionAfterError()
  .addHelpText(
    'after',
    `
Examples:
  heed "The elephant is very large."        who attends to whom, and the translation
  heed see "I see a dog." --svg map.svg     the same, also as a picture
  heed translate --file in.txt --out out.txt
  heed models                               what can be run
  heed <command> --help                     more examples

\`heed <text>\` is \`heed see <text>\`.`,
  )

addSee(program)
addTranslate(program)
addModels(program)
addTrain(program)
addTune(program)

// On Node 20 this switches a flag of V8 for the whole process: the command's to set, not the library's.
enableRelaxedSimd()

// Ends of pipes go away (`heed … | head`): that is not an error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await program.exitOverride().parseAsync()
} catch (error) {
  // commander has printed its own message; 2 means that the arguments could not be parsed
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    process.stderr.write(`heed: ${describe(error, Boolean(program.opts().verbose))}\n`)
    process.exitCode = 1
  }
}
