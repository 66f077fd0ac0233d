import type { Command } from 'commander'
import { HeedError } from 'heed'
import { writeFileAtomic } from 'heed/io'
import { see, type Seen } from 'heed/lens'
import { mapSvg } from 'heed/look'
import { mapsToShow } from '../maps.js'
import { openModel } from '../model.js'
import { collect, wholeNumber } from '../options.js'
import { supportsColor, terminalTheme, paint } from '../terminal/color.js'
import { renderMap, strongestLinks } from '../terminal/heatmap.js'

interface SeeFlags {
  model: string
  site?: string[]
  head?: number[]
  qk?: true
  json?: true
  svg?: string
  beam?: number
}

export function addSee(program: Command): void {
  program
    .command('see', { isDefault: true })
    .description('translate a text and show who attends to whom (the default command)')
    .argument('[text]', 'the text to look into')
    .option('-m, --model <name>', 'a shipped model, or a folder in Hugging Face layout', 'heed-en-de')
    .option(
      '--site <site>',
      'an attention, such as encoder.2.self; * stands for any; repeatable',
      collect(String),
    )
    .option('--head <n>', 'a head by number, from 0; repeatable', collect(wholeNumber(0)))
    .option('--beam <n>', 'hypotheses kept while translating; 1 is greedy', wholeNumber(1, 64))
    .option('--qk', 'with --json: add q, k, m, l and the rules, so that anyone can recompute the weights')
    .option('--json', 'print one JSON document and nothing else')
    .option('--svg <file>', 'also write the map as a picture')
    .addHelpText(
      'after',
      `
Without --site and --head the map is the alignment: the cross-attention of one decoder layer, mean of heads. The layer
was chosen once, on validation data, for finding the source of copied words (see the model card). Rows are the words
being predicted. With --site alone each map is the mean of the site's heads.

Examples:
  heed "The elephant is very large."
  heed see "I gave her the book." --site encoder.2.self --head 3
  heed see "I gave her the book." --site 'decoder.*.cross' --svg map.svg
  heed see "I gave her the book." --json --qk > maps.json`,
    )
    .action(async (text: string | undefined, flags: SeeFlags, command: Command) => {
      if (text === undefined) return void command.parent!.outputHelp()
      await runSee(text, flags)
    })
}

async function runSee(text: string, flags: SeeFlags): Promise<void> {
  if (text.trim() === '')
    throw new HeedError(
      'input',
      'the text is empty; give a sentence, for example heed "The elephant is very large."',
    )
  if (flags.qk && !flags.json)
    throw new HeedError('option', '--qk adds to the JSON document; give --json too')
  using model = await openModel(flags.model)
  const { site, head, qk, beam } = flags
  // The document holds every map that was asked for; a picture of the default needs its site alone.
  const sites =
    site ?? (flags.json || head ? undefined : [`decoder.${model.generation.alignmentLayer}.cross`])
  const seen = await see(model, text, { sites, heads: head, qk, ...(beam ? { beam } : {}) })
  const shown = () =>
    mapsToShow(seen, {
      site: site !== undefined,
      heads: head,
      alignmentLayer: model.generation.alignmentLayer,
    })
  if (flags.svg) await writeSvg(flags.svg, shown())
  if (flags.json) process.stdout.write(`${JSON.stringify({ model: flags.model, ...seen })}\n`)
  else process.stdout.write(`${forTerminal(seen, shown()).join('\n')}\n`)
  if (flags.svg) process.stderr.write(`wrote ${flags.svg}\n`)
}

type Shown = ReturnType<typeof mapsToShow>

async function writeSvg(path: string, maps: Shown): Promise<void> {
  if (maps.length !== 1)
    throw new HeedError(
      'option',
      `--svg draws one map, but ${maps.length} were asked for; name one --site and at most one --head`,
    )
  await writeFileAtomic(path, mapSvg(maps[0]))
}

function forTerminal(seen: Seen, maps: Shown): string[] {
  const color = supportsColor(process.stdout, process.env)
  const theme = terminalTheme(process.env)
  const columns = process.stdout.columns ?? (Number(process.env.COLUMNS) || 80)
  const style = paint(color, theme)
  const lines = [style.strong(seen.output), '']
  for (const map of maps) {
    lines.push(...renderMap(map, { columns, color, theme }), '')
    const links = strongestLinks(map, 12)
    if (links.length > 0) lines.push(style.strong('Strongest links'), ...links.map((link) => `  ${link}`), '')
  }
  return lines.slice(0, -1)
}
