import { spawn } from 'node:child_process'
import { HeedError } from 'heed'
import type { Command } from 'commander'
import { exists } from 'heed/io'
import { wholeNumber } from '../options.js'
import { studioPage } from '../package.js'
import { listen } from '../server/listen.js'
import { servedModels } from '../server/models.js'
import { usualRuns } from './runs.js'

interface StudioFlags {
  port: number
  model?: string
  runs?: string
  open?: true
}

export function addStudio(program: Command): void {
  program
    .command('studio')
    .description('see and change attention in the browser: serves the studio on this machine')
    .option(
      '--port <n>',
      'where it listens, on 127.0.0.1 alone; 0 is any that is free',
      wholeNumber(0, 65535),
      4333,
    )
    .option('-m, --model <name>', 'opened first: a shipped model, a model folder, or org/name of the hub')
    .option('--runs <folder>', 'training runs to look at, or one of them (default: runs, where there is one)')
    .option('--open', 'open it in the browser')
    .addHelpText(
      'after',
      `
The page runs the model itself, in the browser. The server gives it the model's
files, what training runs log, and nothing else of this disk, to this machine
alone. Ctrl-C ends it.

Examples:
  heed studio --open
  heed studio --model ./runs/my-model
  heed studio --runs ./runs
  heed studio --port 0 --model heed-copy`,
    )
    .action(runStudio)
}

async function runStudio({ port, model, runs = usualRuns, open }: StudioFlags): Promise<void> {
  if (!(await exists(studioPage)))
    throw new HeedError('not-found', 'the studio is not built; run `npm run build` in the repository')
  if (runs !== usualRuns && !(await exists(runs)))
    throw new HeedError(
      'not-found',
      `${runs}: there is no such folder; --runs takes the one that runs are in`,
    )
  const stop = new AbortController()
  const stopped = new Promise<void>((end) => stop.signal.addEventListener('abort', () => end()))
  const end = () => (stop.signal.aborted ? process.exit(1) : stop.abort())
  process.on('SIGINT', end).on('SIGTERM', end)
  try {
    const running = await listen(
      { page: studioPage, models: await servedModels(model, stop.signal), runs },
      port,
    )
    process.stdout.write(`heed studio: ${running.address}  (Ctrl-C ends it)\n`)
    if (open) openBrowser(running.address)
    await stopped
    await running.close()
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end)
  }
}

/** In vain where there is no browser: the address is on the screen. */
function openBrowser(address: string): void {
  const [command, args]: [string, string[]] =
    process.platform === 'darwin'
      ? ['open', [address]]
      : process.platform === 'win32'
        ? ['cmd', ['/c', 'start', '', address]]
        : ['xdg-open', [address]]
  const child = spawn(command, args, { stdio: 'ignore', detached: true })
  child.on('error', () => process.stderr.write('heed: no browser was found; open the address yourself\n'))
  child.unref()
}
