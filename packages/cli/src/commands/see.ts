import type { Command } from 'commander'
import { HeedError } from 'heed'
import { writeFileAtomic } from 'heed/io'
import { see, type Seen } from 'heed/lens'
import { type DrawnMap, mapSvg, visibleLine } from 'heed/look'
import { matchSites, type Model, Transformer } from 'heed/models'
import { type Change, checkPairs, interventionsOf, withHelp, withOption } from '../changes.js'
import { checkWritable } from '../files.js'
import { interruptible } from '../interrupt.js'
import { mapsToShow } from '../maps.js'
import { listedLinks, matterLines, mattersOf } from '../matters.js'
import { openModel } from '../model.js'
import { collect, modelOption, wholeNumber } from '../options.js'
import { screen } from '../terminal/screen.js'
import { renderMap, strongestLinks } from '../terminal/heatmap.js'

interface SeeFlags {
  model: string
  site?: string[]
  head?: number[]
  qk?: true
  json?: true
  svg?: string
  beam?: number
  with?: Change[]
  matters?: true
}

export function addSee(program: Command): void {
  program
    .command('see', { isDefault: true })
    .description('show who attends to whom in a text (the default command)')
    .argument('<text>', 'the text to look into')
    .addOption(modelOption())
    .option(
      '--site <site>',
      'an attention, such as encoder.2.self; * stands for any characters; repeatable',
      collect(String),
    )
    .option('--head <n>', 'a head by number, from 0; repeatable', collect(wholeNumber(0)))
    .option('--beam <n>', 'hypotheses kept by a model that translates; 1 is greedy', wholeNumber(1, 64))
    .option('--qk', 'with --json: add q, k, m, l and the rules, so that anyone can recompute the weights')
    .option('--json', 'print one JSON document and nothing else')
    .option('--svg <file>', 'also write the map as a picture')
    .option('--matters', 'put beside each strong link what forbidding it does to the output')
    .addOption(withOption())
    .addHelpText(
      'after',
      `
A model that translates does so first. Without --site the map is the alignment:
the cross-attention of one decoder layer, chosen on validation data for finding
the source of copied words (see the model card). Its rows are the words being
predicted. Of other models, such as GPT-2 and BERT, it is the last layer, where
all that they make of the text comes together. Without --head a map is the mean
of the site's heads. --json holds every head of every site, or of those
asked for. A text that starts with - goes after --.
${withHelp}

Examples:
  heed "The elephant is very large."
  heed see "I gave her the book." --site encoder.2.self --head 3
  heed see "I gave her the book." --site decoder.0.cross --svg map.svg
  heed see "I gave her the book." --site 'encoder.*.self' --json > maps.json
  heed see "I gave her the book." --head 0 --json --qk > maps.json
  heed see "I gave her the book." --model ./gpt2 --site layers.5.self --head 1
  heed see "I gave her the book." --matters
  heed see "I gave her the book." --with zero:encoder.2.self:3
  heed see -- "-5 degrees are cold."`,
    )
    .action(runSee)
}

async function runSee(text: string, flags: SeeFlags): Promise<void> {
  if (text.trim() === '')
    throw new HeedError(
      'input',
      'the text is empty; give a sentence, for example heed "The elephant is very large."',
    )
  if (flags.qk && !flags.json)
    throw new HeedError('option', '--qk adds to the JSON document; give --json too')
  const { site, head: heads, qk, beam } = flags
  await interruptible(async (signal) => {
    if (flags.svg !== undefined) await checkWritable(flags.svg)
    using model = await openModel(flags.model, signal)
    if (beam !== undefined && !(model instanceof Transformer))
      throw new HeedError('option', `--beam is for models that translate; ${flags.model} does not`)
    const byDefault = defaultMap(model)
    if (flags.svg !== undefined) checkOneMap(matchSites(model.sites, site ?? byDefault.site), heads)
    // The JSON document holds every map; without it only what is shown need be computed.
    const options = {
      sites: site ?? (flags.json ? undefined : byDefault.site),
      heads,
      qk,
      with: await interventionsOf(flags.with, model, signal),
      signal,
    }
    const seen = await (model instanceof Transformer
      ? see(model, text, { ...options, beam })
      : see(model, text, options))
    checkPairs(flags.with, model, seen.tokens)
    const shownSites = site ? matchSites(model.sites, site) : [byDefault.site]
    const matters = flags.matters
      ? await mattersOf(model, seen, {
          ...options,
          sites: shownSites,
          mean: heads === undefined,
          limit: LINKS,
          beam,
        })
      : undefined
    const shown = () =>
      mapsToShow(seen, {
        sites: site ? undefined : [byDefault.site],
        mean: heads === undefined,
        note: site ? undefined : byDefault.note,
      })
    if (flags.svg !== undefined) await writeFileAtomic(flags.svg, mapSvg(shown()[0]))
    if (flags.json)
      process.stdout.write(
        `${JSON.stringify({ model: flags.model, ...seen, ...(matters && { matters: listedLinks(matters) }) })}\n`,
      )
    else process.stdout.write(`${forTerminal(seen, shown(), matters).join('\n')}\n`)
    if (flags.svg !== undefined) process.stderr.write(`wrote ${visibleLine(flags.svg)}\n`)
  })
}

/** What is shown when no site is named, and the rule that chose it. */
function defaultMap(model: Model): { site: string; note: string } {
  if (!(model instanceof Transformer))
    return { site: model.sites.at(-1)!, note: 'the last layer, taken by default; --site names another' }
  // Nobody chose the layer of a model that was not tuned.
  const tuned = model.files.generationConfig?.alignment_layer !== undefined
  return {
    site: `decoder.${model.generation.alignmentLayer}.cross`,
    note: tuned
      ? 'the alignment: the layer that best finds copied words in validation sentences'
      : 'a layer taken by default; heed tune finds the one that aligns best',
  }
}

function checkOneMap(sites: readonly string[], heads: readonly number[] | undefined): void {
  const count = sites.length * (heads ? new Set(heads).size : 1)
  if (count > 1)
    throw new HeedError(
      'option',
      `--svg draws one map, but ${count} were asked for; name one --site and at most one --head`,
    )
}

/** Links of a map that are listed. */
const LINKS = 12

function forTerminal(
  { output }: Seen,
  maps: readonly DrawnMap[],
  matters?: Awaited<ReturnType<typeof mattersOf>>,
): string[] {
  const { columns, color, theme, style, strong } = screen()
  const lines: string[] = []
  if (output !== null) {
    const translation = strong(output)
    lines.push(...(translation.length > 0 ? translation : [style.quiet('the translation is empty')]))
  }
  for (const [n, map] of maps.entries()) {
    if (lines.length > 0) lines.push('')
    lines.push(...renderMap(map, { columns, color, theme }))
    if (matters) {
      lines.push('', ...matterLines(matters[n], columns, style))
      continue
    }
    const links = strongestLinks(map, LINKS)
    if (links.length > 0) lines.push('', style.strong('Strongest links'), ...links.map((link) => `  ${link}`))
  }
  return lines
}
