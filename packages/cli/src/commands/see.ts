import { type Command, Option } from 'commander'
import { HeedError } from 'heed'
import { writeFileAtomic, writeNpz } from 'heed/io'
import { see, type Seen } from 'heed/lens'
import { type DrawnMap, seenHtml, visibleLine } from 'heed/look'
import { matchSites, type Model, Transformer } from 'heed/models'
import { type Change, checkPairs, interventionsOf, withHelp, withOption } from '../changes.js'
import { checkWritable } from '../files.js'
import { interruptible } from '../interrupt.js'
import { arraysOf, mapsToShow, type View, viewOf, views, withoutQk } from '../maps.js'
import { listedLinks, matterLines, mattersOf } from '../matters.js'
import { openModel } from '../model.js'
import { collect, dtypeOption, type ModelFlags, modelOption, wholeNumber } from '../options.js'
import { checkPictures, pageFonts, pictureOptions, type PictureFlags, writePicture } from '../pictures.js'
import { screen } from '../terminal/screen.js'
import { renderMap, strongestLinks } from '../terminal/heatmap.js'

interface SeeFlags extends ModelFlags, PictureFlags {
  site?: string[]
  head?: number[]
  qk?: true
  json?: true
  html?: string
  npz?: string
  view: View
  query?: number
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
    .addOption(dtypeOption())
    .option(
      '--site <site>',
      'an attention, such as encoder.2.self; * stands for any characters; repeatable',
      collect(String),
    )
    .option('--head <n>', 'a head by number, from 0; repeatable', collect(wholeNumber(0)))
    .option('--beam <n>', 'hypotheses kept by a model that translates; 1 is greedy', wholeNumber(1, 64))
    .option('--json', 'print one JSON document and nothing else')
    .option('--npz <file>', 'also write the weights as arrays that NumPy opens')
    .option('--qk', 'with --json or --npz: add q, k, m and l, so that anyone can recompute the weights')
    .option('--html <file>', 'also write all heads as one interactive page that needs nothing else')
    .addOption(pictureOptions.svg)
    .addOption(pictureOptions.png)
    .addOption(
      new Option(
        '--view <view>',
        'what the picture is: a heat map, lines, the text with brightness, or all heads',
      )
        .choices(views)
        .default('map'),
    )
    .option('--query <n>', 'the row that lines and text are read from, from 0', wholeNumber(0))
    .addOption(pictureOptions.theme)
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
of the site's heads. --json, --npz, --html and --view heads hold every head of
every site, or of those asked for. A text that starts with - goes after --.

A picture is of one map, but for --view heads. Without --query, lines shows the
links of all rows, and text the mean weight that each token gets.
${withHelp}

Examples:
  heed "The elephant is very large."
  heed see "I gave her the book." --site encoder.2.self --head 3
  heed see "I gave her the book." --site decoder.0.cross --svg map.svg
  heed see "I gave her the book." --view lines --query 2 --png lines.png
  heed see "I gave her the book." --site encoder.2.self --view text --query 3 --svg text.svg
  heed see "I gave her the book." --view heads --theme dark --png heads.png
  heed see "I gave her the book." --html book.html
  heed see "I gave her the book." --site 'encoder.*.self' --json > maps.json
  heed see "I gave her the book." --head 0 --json --qk > maps.json
  heed see "I gave her the book." --npz maps.npz
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
  if (flags.qk && !flags.json && flags.npz === undefined)
    throw new HeedError('option', '--qk adds to the JSON document or the arrays; give --json or --npz too')
  const { site, head: heads, qk, beam, html, npz, view } = flags
  await interruptible(async (signal) => {
    const pictures = await checkPictures(flags)
    for (const file of [html, npz]) if (file !== undefined) await checkWritable(file)
    using model = await openModel(flags, signal)
    if (beam !== undefined && !(model instanceof Transformer))
      throw new HeedError('option', `--beam is for models that translate; ${flags.model} does not`)
    const byDefault = defaultMap(model)
    if (pictures.length > 0 && view !== 'heads')
      checkOneMap(pictures[0], matchSites(model.sites, site ?? byDefault.site), heads)
    // These hold every map; without them only what is shown need be computed.
    const all = flags.json || html !== undefined || npz !== undefined || view === 'heads'
    const wanted = { sites: site ?? (all ? undefined : byDefault.site), heads, signal }
    const changes = await interventionsOf(flags.with, model, signal)
    const options = { ...wanted, qk: qk ?? html !== undefined, with: changes }
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
    const written: string[] = []
    if (pictures.length > 0) {
      const svg = viewOf(view, seen, shown, flags)
      for (const file of pictures) written.push(await writePicture(file, svg))
    }
    const keep = async (file: string | undefined, content: () => Promise<string> | Uint8Array) => {
      if (file === undefined) return
      await writeFileAtomic(file, await content())
      written.push(`wrote ${visibleLine(file)}`)
    }
    await keep(html, async () => seenHtml(seen, { fonts: await pageFonts() }))
    await keep(npz, () => writeNpz(arraysOf(qk ? seen : withoutQk(seen))))
    if (flags.json) {
      const document = {
        model: flags.model,
        ...(qk ? seen : withoutQk(seen)),
        ...(matters && { matters: listedLinks(matters) }),
      }
      process.stdout.write(`${JSON.stringify(document)}\n`)
    } else process.stdout.write(`${forTerminal(seen, shown(), matters).join('\n')}\n`)
    for (const line of written) process.stderr.write(`${line}\n`)
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

function checkOneMap(file: string, sites: readonly string[], heads: readonly number[] | undefined): void {
  const count = sites.length * (heads ? new Set(heads).size : 1)
  if (count > 1)
    throw new HeedError(
      'option',
      `${file}: a picture draws one map, but ${count} were asked for; name one --site and at most one --head, or take --view heads`,
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
