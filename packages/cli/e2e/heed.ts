import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
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
  /** Interrupts, as Ctrl-C does, once standard error has this. */
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
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      if (options.closeAfter !== undefined && stdout.length >= options.closeAfter) child.stdout.destroy()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      if (interrupted || !options.interruptAt?.test(stderr)) return
      interrupted = true
      child.kill('SIGINT')
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
