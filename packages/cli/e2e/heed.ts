import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { safeTensor, writeModelFolder } from 'heed/io'
import { initTransformer, saveModel, type TransformerConfig } from 'heed/models'
import { learnBpe } from 'heed/text'
import { afterAll, expect } from 'vitest'

const command = fileURLToPath(new URL('../bin/heed.js', import.meta.url))

export interface Ran {
  stdout: string
  stderr: string
  /** Exit code, or the signal that ended the command. */
  code: number | string
}

export interface RunOptions {
  /** Standard input; none is an empty one. */
  input?: string | Uint8Array
  env?: Record<string, string>
  cwd?: string
  /** Interrupts, as Ctrl-C does, once standard output or standard error has this. */
  interruptAt?: RegExp
  /** Sends a signal once this is true. */
  endWhen?: { signal: 'SIGINT' | 'SIGKILL'; test: () => boolean }
  /** Closes the reading end of standard output after so many bytes, as `head -c` does. */
  closeAfter?: number
}

/** Runs the built command as a child process, away from a terminal. */
export function heed(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { NO_COLOR: _, FORCE_COLOR: __, COLUMNS: ___, ...env } = process.env
  const child = spawn(process.execPath, [command, ...args], {
    cwd: options.cwd,
    env: { ...env, ...options.env },
  })
  return new Promise((resolve, reject) => {
    let [stdout, stderr, interrupted] = ['', '', false]
    const interruptIf = (output: string) => {
      if (interrupted || !options.interruptAt?.test(output)) return
      interrupted = true
      child.kill('SIGINT')
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      interruptIf(stdout)
      if (options.closeAfter !== undefined && stdout.length >= options.closeAfter) child.stdout.destroy()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      interruptIf(stderr)
    })
    const { endWhen } = options
    const watch = setInterval(() => {
      if (!endWhen?.test()) return
      clearInterval(watch)
      child.kill(endWhen.signal)
    }, 20)
    child.stdin.on('error', () => undefined) // a command that fails early does not read
    child.stdin.end(options.input ?? '')
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearInterval(watch)
      resolve({ stdout, stderr, code: code ?? signal ?? 'unknown' })
    })
  })
}

/** The command did what it should: its standard output. */
export async function ok(args: readonly string[], options?: RunOptions): Promise<string> {
  const ran = await heed(args, options)
  expect({ args, code: ran.code, stderr: ran.stderr }).toMatchObject({ args, code: 0 })
  return ran.stdout
}

/** The command fails with this exit code, prints nothing on stdout, and one line, without a stack, on stderr. */
export async function fails(
  code: 1 | 2,
  args: readonly string[],
  says: RegExp,
  options?: RunOptions,
): Promise<void> {
  const ran = await heed(args, options)
  expect({ args, ...ran }).toMatchObject({ args, code, stdout: '' })
  expect(ran.stderr).toMatch(/^heed: [^\n]+\n$/)
  expect(ran.stderr).toMatch(says)
  expect(ran.stderr).not.toMatch(/\n?\s+at .*:\d+:\d+/)
}

/** A folder that is gone when the tests of a file end: `const folder = await temporaryFolder()`. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: (name: string) => string }> {
  const root = await mkdtemp(join(tmpdir(), 'heed-e2e-'))
  return {
    path: (name) => join(root, name),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

const lines = [
  'the dog sees the cat',
  'the elephant is very large',
  'der Hund sieht die Katze',
  'der Elefant ist sehr groß',
]

/** A small model with random weights: what it says is nonsense in odd bytes, who attends to whom is exact. */
export async function makeModel(folder: string, config: Partial<TransformerConfig> = {}): Promise<void> {
  const tokenizerJson = await learnBpe(lines, { vocabSize: 280 })
  const shape = {
    d_model: 16,
    num_heads: 2,
    encoder_layers: 2,
    decoder_layers: 2,
    d_ff: 32,
    max_positions: 64,
  }
  using model = initTransformer({ ...shape, ...config, vocab_size: 280 }, 7, { tokenizerJson })
  await saveModel(model, folder)
}

/** A small GPT-2 with random weights, in a folder as transformers writes it. It would end texts anywhere: no id does. */
export async function makeGpt2(
  folder: string,
  config: { n_positions?: number } = {},
  chatTemplate?: string,
): Promise<void> {
  const tokenizerJson = await learnBpe(lines, { vocabSize: 280, specials: ['<|endoftext|>'] })
  const vocab_size = Object.keys(tokenizerJson.model.vocab).length
  const [D, n_positions] = [16, config.n_positions ?? 64]
  const shapes: Record<string, number[]> = { 'wte.weight': [vocab_size, D], 'wpe.weight': [n_positions, D] }
  const vector = (name: string, size = D) => (shapes[`${name}.bias`] = [size])
  const norm = (name: string) => (shapes[`${name}.weight`] = vector(name))
  const linear = (name: string, width: number, out: number) => {
    shapes[`${name}.weight`] = [width, out]
    vector(name, out)
  }
  for (const at of ['h.0', 'h.1']) {
    norm(`${at}.ln_1`)
    linear(`${at}.attn.c_attn`, D, 3 * D)
    linear(`${at}.attn.c_proj`, D, D)
    norm(`${at}.ln_2`)
    linear(`${at}.mlp.c_fc`, D, 4 * D)
    linear(`${at}.mlp.c_proj`, 4 * D, D)
  }
  norm('ln_f')
  const tensors = Object.entries(shapes).map(([name, shape], n) => {
    const size = shape.reduce((a, b) => a * b)
    const data = Float32Array.from({ length: size }, (_, i) => Math.sin((i + 1) * (n + 1.7)))
    return [name, safeTensor({ name, dtype: 'F32', shape, data })] as const
  })
  await writeModelFolder(folder, {
    config: { model_type: 'gpt2', vocab_size, n_positions, n_embd: D, n_layer: 2, n_head: 2 },
    tensors: new Map(tensors),
    tokenizerJson: { ...tokenizerJson },
    generationConfig: { eos_token_id: [] },
    chatTemplate,
  })
}

/** A temporary folder with the tiny model in it, for the tests of a file; removed after them. */
export async function modelForTests(): Promise<{
  folder: Awaited<ReturnType<typeof temporaryFolder>>
  model: string
}> {
  const folder = await temporaryFolder()
  afterAll(() => folder[Symbol.asyncDispose]())
  const model = folder.path('model')
  await makeModel(model)
  return { folder, model }
}

/** Writes 49 pairs of sentences, enough to train on. */
export async function writePairs(file: string): Promise<void> {
  const words = ['dog', 'cat', 'elephant', 'Anna', 'Berlin', 'Otto', '1984']
  const pairs = words.flatMap((a) => words.map((b) => `the ${a} sees ${b}\tder ${a} sieht ${b}`))
  await writeFile(file, `${pairs.join('\n')}\n`)
}
