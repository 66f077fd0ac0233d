import { appendFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { HeedError } from 'heed'
import { decodeUtf8, exists, readFile, readText, wholeLines, writeFileAtomic, writeNpy } from 'heed/io'
import type { EmbedOptions } from 'heed/models'
import { checkWritable } from '../files.js'
import { type Change, interventionsOf, withHelp, withOption } from '../changes.js'
import { linesOf, readLines, textOf, textsOf } from '../input.js'
import { interruptible } from '../interrupt.js'
import { openEmbedder } from '../model.js'
import { dtypeOption, type ModelFlags, modelOption } from '../options.js'
import { createProgress } from '../terminal/progress.js'

interface EmbedFlags extends ModelFlags {
  file?: string
  out?: string
  resume?: true
  pooling?: EmbedOptions['pooling']
  normalize?: boolean
  with?: Change[]
}

export function addEmbed(program: Command): void {
  program
    .command('embed')
    .description('turn texts into vectors: a text, a file of lines or JSONL, or standard input')
    .argument('[text]', 'the text; without it and without --file, lines are read from standard input')
    .addOption(modelOption())
    .addOption(dtypeOption())
    .option('--file <file>', 'a text on each line, or with the name *.jsonl an object with "text" on each')
    .option('--out <file>', 'write JSONL to a file, or with the name *.npy one matrix for NumPy')
    .option('--resume', 'go on with a JSONL --out that was stopped')
    .addOption(
      new Option(
        '--pooling <kind>',
        'how token vectors become one (default: as the model says, else mean)',
      ).choices(['mean', 'cls', 'max', 'last']),
    )
    .option('--normalize', 'scale vectors to length 1 (default: as the model says)')
    .option('--no-normalize', 'leave their lengths')
    .addOption(withOption())
    .addHelpText(
      'after',
      `
Each output line is {"text": …, "vector": […]}, in the order of the input; a text
that is too long for the model is cut, with a warning on standard error, and an
empty line is an error. A JSONL
--out grows as the work goes on: what was stopped is continued with --resume.
${withHelp}

Examples:
  heed embed "The dog sleeps." --model ./all-MiniLM-L6-v2
  heed embed --file texts.txt --out vectors.jsonl
  heed embed --file texts.txt --out vectors.jsonl --resume
  heed embed --file texts.jsonl --out vectors.npy`,
    )
    .action(runEmbed)
}

/** Texts that are embedded before their lines are written. */
const chunk = 256

async function runEmbed(text: string | undefined, flags: EmbedFlags): Promise<void> {
  const { file, out, pooling, normalize } = flags
  const matrix = out?.endsWith('.npy') ?? false
  if (text !== undefined && file !== undefined)
    throw new HeedError('option', 'a text and --file were both given; give one of them')
  if (flags.resume && (out === undefined || matrix))
    throw new HeedError('option', '--resume goes on with a JSONL file; name it with --out')
  let done = 0
  let total = 0
  const stopped = () =>
    out !== undefined && !matrix && done > 0
      ? `stopped after ${done} of ${total} texts; --resume goes on`
      : 'stopped; no result was written'
  await interruptible(async (signal) => {
    if (out !== undefined) await checkWritable(out, file)
    const texts = text !== undefined ? [text] : textsOf(await readLines(file, signal), file)
    total = texts.length
    const empty = texts.findIndex((line) => line.trim() === '')
    if (empty >= 0) throw new HeedError('input', `text ${empty + 1} is empty; it has no vector`)
    if (flags.resume) done = await linesDone(out!, texts)

    using model = await openEmbedder(flags, signal)
    const changes = await interventionsOf(flags.with, model, signal)
    if (done > 0)
      await checkSame(out!, (text) =>
        model.embed([text], { pooling, normalize, with: changes, onTooLong: () => {} }),
      )
    let fresh = done === 0
    const progress = total > 1 ? createProgress({ label: 'embedding' }) : undefined
    const warn = (line: string) =>
      progress ? progress.note(`heed: ${line}`) : process.stderr.write(`heed: ${line}\n`)
    const rows: Float32Array[] = []
    try {
      while (done < total) {
        const part = texts.slice(done, done + chunk)
        const vectors = await model.embed(part, {
          pooling,
          normalize,
          with: changes,
          signal,
          onProgress: (p) => progress?.update({ done: done + p.done, total, unit: 'texts' }),
          onTooLong: ({ index, tokens, limit }) =>
            void warn(`text ${done + index + 1} has ${tokens} tokens, the model takes ${limit}; it is cut`),
        })
        const lines = part.map((text, i) => `${JSON.stringify({ text, vector: decimals(vectors[i]) })}\n`)
        if (matrix) rows.push(...vectors)
        else if (out !== undefined) {
          if (fresh) await writeFileAtomic(out, '')
          fresh = false
          await appendFile(out, lines.join(''))
        } else process.stdout.write(lines.join(''))
        done += part.length
      }
      if (matrix) await writeFileAtomic(out!, matrixOf(rows))
      else if (out !== undefined && fresh) await writeFileAtomic(out, '')
    } finally {
      progress?.finish()
    }
  }, stopped)
}

/** Decimals that are these floats again: 9 digits always are. */
const decimals = (vector: Float32Array): number[] => Array.from(vector, (x) => Number(x.toPrecision(9)))

function matrixOf(rows: readonly Float32Array[]): Uint8Array {
  const width = rows[0]?.length ?? 0
  const data = new Float32Array(rows.length * width)
  rows.forEach((row, i) => data.set(row, i * width))
  return writeNpy(data, [rows.length, width])
}

/** How many of the texts a JSONL file holds already; a last line that was cut off is removed. */
async function linesDone(out: string, texts: readonly string[]): Promise<number> {
  if (!(await exists(out))) return 0
  const written = await readFile(out)
  const whole = wholeLines(written)
  const lines = linesOf(decodeUtf8(whole, out))
  lines.forEach((line, i) => {
    if (textOf(line, `${out}, line ${i + 1}`) !== texts[i])
      throw new HeedError('input', `${out}, line ${i + 1}: is not of this input; write to another file`)
  })
  if (whole.length < written.length) await writeFileAtomic(out, whole)
  return lines.length
}

/** The first line again: what was begun with another model, pooling or scale is not gone on with. */
async function checkSame(out: string, embed: (text: string) => Promise<Float32Array[]>): Promise<void> {
  const [line] = linesOf(await readText(out))
  const { vector } = JSON.parse(line) as { vector?: unknown }
  const again = decimals((await embed(textOf(line, out)))[0])
  const near = (x: unknown, i: number) => typeof x === 'number' && Math.abs(x - again[i]) <= 1e-3
  if (!Array.isArray(vector) || vector.length !== again.length || !vector.every(near))
    throw new HeedError(
      'input',
      `${out}: its first vector is not what this model and these options give; write to another file`,
    )
}
