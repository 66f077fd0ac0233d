import { type Command, Option } from 'commander'
import { HeedError } from 'heed'
import { makeFolder, readText, writeFileAtomic, writeNpy, writeNpz } from 'heed/io'
import {
  capture,
  type Capture,
  type CaptureOptions,
  matchHeads,
  saveCapture,
  type Seen,
  seenIn,
} from 'heed/lens'
import { type DrawnMap, MAX_SIDE, overviewSvg, seenHtml, visibleLine } from 'heed/look'
import { matchSites, type Model, Transformer } from 'heed/models'
import { type Change, checkPairs, interventionsOf, withHelp, withOption } from '../changes.js'
import { describedBy, describedLines } from '../described.js'
import { checkApart, checkWritable } from '../files.js'
import { interruptible, killable } from '../interrupt.js'
import { printJson } from '../json.js'
import { drawnOverview, isLong, LONG, longLinks } from '../long.js'
import { arraysOf, mapsToShow, pooledMap, type View, viewOf, views, withoutQk } from '../maps.js'
import { listedLinks, matterLines, mattersOf } from '../matters.js'
import { openModel } from '../model.js'
import { collect, dtypeOption, type ModelFlags, modelOption, wholeNumber } from '../options.js'
import { askedMaps, type AskedMap, drawnOver, type Unit, units } from '../over.js'
import { checkPictures, pageFonts, pictureOptions, type PictureFlags, writePicture } from '../pictures.js'
import { withProgress } from '../terminal/progress.js'
import { screen } from '../terminal/screen.js'
import { renderMap, strongestLinks } from '../terminal/heatmap.js'
import { overviewSize, renderOverview } from '../terminal/overview.js'

interface SeeFlags extends ModelFlags, PictureFlags {
  site?: string[]
  head?: number[]
  qk?: true
  json?: true
  html?: string
  npy?: string
  npz?: string
  view: View
  query?: number
  over?: Unit
  file?: string
  save?: string
  beam?: number
  with?: Change[]
  matters?: true
}

export function addSee(program: Command): void {
  program
    .command('see', { isDefault: true })
    .description('show who attends to whom in a text (the default command)')
    .argument('[text]', 'the text to look into')
    .addOption(modelOption())
    .addOption(dtypeOption())
    .option(
      '--site <site>',
      'an attention, such as encoder.2.self; * stands for any characters; repeatable',
      collect(String),
    )
    .option('--head <n>', 'a head by number, from 0; repeatable', collect(wholeNumber(0)))
    .option('--file <file>', 'the text, whole, from a file (UTF-8)')
    .addOption(new Option('--over <unit>', 'rows and columns are these instead of tokens').choices(units))
    .option('--beam <n>', 'hypotheses kept by a model that translates; 1 is greedy', wholeNumber(1, 64))
    .option('--json', 'print one JSON document and nothing else')
    .option('--npz <file>', 'also write the weights as arrays that NumPy opens')
    .option('--npy <file>', 'the same of the one map that is shown, as one array')
    .option(
      '--qk',
      'with --json or --npz: add q, k, m, l and the rules, so that anyone can recompute the weights',
    )
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
    .option(
      '--save <folder>',
      'also keep q, k, m and l, from which openCapture of heed/lens gives any weight',
    )
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

A map of more than 128 tokens is shown as an overview: each cell is the largest
weight of its part, and nothing of the whole map is ever held. --svg and --png
draw one from 512 tokens on.

A picture is of one map, but for --view heads. Without --query, lines shows the
links of all rows, and text the mean weight that each token gets.
${withHelp}

Examples:
  heed "The elephant is very large."
  heed see "I gave her the book." --site encoder.2.self --head 3
  heed see "I gave her the book." --site decoder.0.cross --svg map.svg
  heed see "I gave her the book." --view lines --query 2 --png lines.png
  heed see "I gave her the book." --view text --query 3 --svg text.svg
  heed see "I gave her the book." --view heads --theme dark --png heads.png
  heed see "I gave her the book." --html book.html
  heed see "I gave her the book." --site 'encoder.*.self' --json > maps.json
  heed see "I gave her the book." --head 0 --json --qk > maps.json
  heed see "I gave her the book." --npz maps.npz
  heed see "I gave her the book." --site encoder.2.self --head 3 --npy map.npy
  heed see "I gave her the book." --model ./gpt2 --site layers.5.self --head 1
  heed see "I gave her the book." --over words --site encoder.2.self
  heed see --file story.txt --model heed-copy --site layers.1.self --png map.png
  heed see "I gave her the book." --matters
  heed see "I gave her the book." --with zero:encoder.2.self:3
  heed see -- "-5 degrees are cold."`,
    )
    .action(runSee)
}

async function runSee(argument: string | undefined, flags: SeeFlags, command: Command): Promise<void> {
  if (argument === undefined && flags.file === undefined)
    command.error('error: missing a text; give one, or --file', { exitCode: 2 })
  checkFlags(flags)
  checkApart([flags.svg, flags.png, flags.html, flags.npy, flags.npz])
  const text = await textOf(argument, flags)
  await interruptible(async (signal) => {
    const pictures = await checkPictures(flags)
    for (const file of [flags.html, flags.npy, flags.npz]) if (file !== undefined) await checkWritable(file)
    if (flags.save !== undefined) await makeFolder(flags.save)
    using model = await openModel(flags, signal)
    if (pictures.length === 0 && (flags.view !== 'map' || flags.query !== undefined))
      throw new HeedError('option', '--view and --query are of a picture; give --svg or --png too')
    const choice = choose(model, flags, pictures)
    const changes = await interventionsOf(flags.with, model, signal)
    const options = { sites: choice.kept, with: changes, signal }
    using captured = await killable(() => captureText(model, text, options, flags.beam))
    checkPairs(flags.with, model, captured.of!.tokens)

    const look = await lookAt(captured, choice, pictures.length > 0, flags, signal)
    const matters = flags.matters
      ? await mattersOf(model, look.seen!, {
          ...options,
          sites: choice.shown,
          mean: !flags.head,
          limit: LINKS,
          beam: flags.beam,
        })
      : undefined
    const written = await writeFiles(look, pictures, flags, signal)
    if (flags.json) {
      const links = matters && { matters: listedLinks(matters) }
      const seen = flags.qk ? look.seen! : withoutQk(look.seen!)
      await killable(() => printJson({ model: flags.model, ...seen, ...links }))
    } else {
      const described = await describedBy(model, text, { with: changes, signal })
      const said = described ? [...describedLines(described), ''] : []
      const lines = await forTerminal(look, matters, signal)
      process.stdout.write(`${[...said, ...lines].join('\n')}\n`)
    }
    for (const line of written) process.stderr.write(`${line}\n`)
  })
}

/** Runs the model on the text, with a line of progress where that takes long. */
async function captureText(
  model: Model,
  text: string,
  options: Pick<CaptureOptions, 'sites' | 'with' | 'signal'>,
  beam: number | undefined,
): Promise<Capture> {
  return withProgress('reading the text', 'layers', (onProgress) =>
    model instanceof Transformer
      ? capture(model, text, { ...options, onProgress, beam })
      : capture(model, text, { ...options, onProgress }),
  )
}

/** Which maps are shown, by which rule, and which attentions have to be kept for all that was asked. */
interface Choice {
  shown: string[]
  note: string | undefined
  kept: readonly string[] | undefined
}

/** Whether the whole of every map is wanted, as numbers. */
const wantsAll = ({ json, html, npz, view }: SeeFlags): boolean =>
  Boolean(json) || html !== undefined || npz !== undefined || view === 'heads'

function checkFlags(flags: SeeFlags): void {
  if (flags.qk && !flags.json && flags.npz === undefined)
    throw new HeedError('option', '--qk adds to the JSON document or the arrays; give --json or --npz too')
  if (flags.over && (wantsAll(flags) || flags.npy !== undefined || flags.matters))
    throw new HeedError(
      'option',
      '--over is for a map that is shown or drawn; --json, --npz, --npy, --html, --matters and --view heads are over tokens',
    )
}

function choose(model: Model, flags: SeeFlags, pictures: readonly string[]): Choice {
  const { site, head: heads, beam } = flags
  if (beam !== undefined && !(model instanceof Transformer))
    throw new HeedError('option', `--beam is for models that translate; ${flags.model} does not`)
  const byDefault = defaultMap(model)
  const shown = matchSites(model.sites, site ?? byDefault.site)
  matchHeads(model.heads, heads)
  if (pictures.length > 0 && flags.view !== 'heads') checkOneMap(pictures[0], shown, heads)
  if (flags.npy !== undefined) checkOneMap(flags.npy, shown, heads)
  const all = !site && (wantsAll(flags) || flags.save !== undefined)
  return { shown, note: site ? undefined : byDefault.note, kept: all ? undefined : shown }
}

/** What was seen, as far as it was asked for: of a long text maps are not held whole unless they have to be. */
interface Look {
  captured: Capture
  asked: AskedMap[]
  note: string | undefined
  /** Every weight. */
  seen?: Seen
  /** The maps that are shown, whole: over tokens, or over what --over says. */
  drawn?: DrawnMap[]
}

async function lookAt(
  captured: Capture,
  { shown, note }: Choice,
  draws: boolean,
  flags: SeeFlags,
  signal: AbortSignal,
): Promise<Look> {
  const { head: heads, over, qk, html, view } = flags
  const asked = askedMaps(captured, shown, heads)
  const look = { captured, asked, note }
  if (over) {
    const drawn: DrawnMap[] = []
    for (const map of asked) drawn.push(await drawnOver(captured, map, over, { note, signal }))
    return { ...look, drawn }
  }
  const pooled =
    !draws || (view === 'map' && asked.every(({ map }) => Math.max(map.rows, map.cols) > MAX_SIDE))
  if (!wantsAll(flags) && !flags.matters && pooled && asked.some(isLong)) return look
  const seen = await seenIn(captured, { heads, qk: qk ?? html !== undefined, signal })
  if (flags.json && !draws) return { ...look, seen }
  return { ...look, seen, drawn: mapsToShow(seen, { sites: shown, mean: heads === undefined, note }) }
}

/** Writes all files that were asked for; says so, a line each. */
async function writeFiles(
  { captured, asked, note, seen, drawn }: Look,
  pictures: readonly string[],
  flags: SeeFlags,
  signal: AbortSignal,
): Promise<string[]> {
  const { html, npy, npz, save, qk, theme, view } = flags
  const written: string[] = []
  const keep = async (file: string | undefined, write: (file: string) => Promise<void>) => {
    if (file === undefined) return
    await write(file)
    written.push(`wrote ${visibleLine(file)}`)
  }
  await keep(save, (folder) => saveCapture(captured, folder))
  if (pictures.length > 0) {
    const svg = drawn
      ? viewOf(view, seen, drawn, flags)
      : overviewSvg(await drawnOverview(asked[0], undefined, { note, signal }), { theme })
    for (const file of pictures) written.push(await writePicture(file, svg))
  }
  await keep(html, async (file) => writeFileAtomic(file, await seenHtml(seen!, { fonts: await pageFonts() })))
  await keep(npy, async (file) => {
    const [{ map }] = asked
    await writeFileAtomic(file, writeNpy(await map.tile(), [map.rows, map.cols]))
  })
  await keep(npz, (file) => writeFileAtomic(file, writeNpz(arraysOf(qk ? seen! : withoutQk(seen!)))))
  return written
}

/** The text of the argument or of --file. */
async function textOf(argument: string | undefined, { file }: SeeFlags): Promise<string> {
  if (argument !== undefined && file !== undefined)
    throw new HeedError('option', 'a text and --file were both given; give one of them')
  const text = file === undefined ? argument! : await readText(file)
  if (text.trim() === '')
    throw new HeedError(
      'input',
      'the text is empty; give a sentence, for example heed "The elephant is very large."',
    )
  return text
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
      `${file}: holds one map, but ${count} were asked for; name one --site and at most one --head, or take --view heads or --npz`,
    )
}

/** Links of a map that are listed. */
const LINKS = 12

type Matters = Awaited<ReturnType<typeof mattersOf>>

async function forTerminal(look: Look, matters: Matters | undefined, signal: AbortSignal): Promise<string[]> {
  const { style, strong } = screen()
  const { output } = look.captured.of!
  const parts: string[][] = []
  if (output !== null) {
    const translation = strong(output)
    parts.push(translation.length > 0 ? translation : [style.quiet('the translation is empty')])
  }
  for (const n of look.asked.keys()) parts.push(await mapLines(look, n, matters?.[n], signal))
  return parts.flatMap((lines, n) => (n === 0 ? lines : ['', ...lines]))
}

/** One map with its links: in full, or where it is long as an overview. */
async function mapLines(
  { captured, asked, note, drawn }: Look,
  n: number,
  matters: Matters[number] | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const { columns, color, theme, style } = screen()
  const map = drawn?.[n]
  const long = map ? Math.max(map.queries.length, map.keys.length) > LONG : isLong(asked[n])
  const lines = !long
    ? renderMap(map!, { columns, color, theme })
    : renderOverview(
        map
          ? pooledMap(map, Math.min(...overviewSize(map.queries.length, map.keys.length, columns)))
          : await drawnOverview(asked[n], columns, { note, signal }),
        { columns, color, theme },
      )
  if (matters) return [...lines, '', ...matterLines(matters, columns, style)]
  if (!map) return [...lines, ...(await longLinks(captured, asked[n], LINKS, signal))]
  const links = strongestLinks(map, LINKS)
  return links.length > 0
    ? [...lines, '', style.strong('Strongest links'), ...links.map((link) => `  ${link}`)]
    : lines
}
