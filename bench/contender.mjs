import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const path = (file) => fileURLToPath(new URL(file, import.meta.url))

const node = (module, options = {}) => ({
  command: (clock) => [
    process.execPath,
    path('child.mjs'),
    path(module),
    JSON.stringify({ clock, ...options }),
  ],
  threads: options.threads ?? 1,
  peer: module.startsWith('peers/'),
})
const rung = (simd) => node('rung.mjs', { simd })
const python = (options) => ({
  command: (clock) => [
    process.env.HEED_BENCH_PYTHON ?? 'python3',
    path('peers/pytorch.py'),
    JSON.stringify({ clock, ...options }),
  ],
  threads: options.threads,
  peer: true,
})

/** All who can take part, by name. */
export const contenders = {
  heed: node('heed.mjs', { threads: 1, relaxed: true }),
  'heed, 2 threads': node('heed.mjs', { threads: 2, relaxed: true }),
  'heed, plain SIMD': node('heed.mjs', { threads: 1, relaxed: false }),
  'plain loops': node('rung.mjs', { loops: true }),
  '4x8, no fused multiply-add': rung({ relaxed: false, rows: 4, guards: false }),
  '4x8': rung({ relaxed: true, rows: 4, guards: false }),
  '6x8': rung({ relaxed: true, rows: 6, guards: false }),
  '8x8, loads held back': rung({ relaxed: true, rows: 8, guards: true }),
  'map written out': node('rung.mjs'),
  'memory read': node('memory-read.mjs', { threads: 1 }),
  'memory read, 2 threads': node('memory-read.mjs', { threads: 2 }),
  'onnxruntime-web': node('peers/onnxruntime-web.mjs', { threads: 1 }),
  'jax-js': node('peers/jax-js.mjs'),
  'tfjs-wasm': node('peers/tfjs-wasm.mjs', { threads: 1 }),
  'onnxruntime-node': node('peers/onnxruntime-node.mjs', { threads: 1 }),
  'onnxruntime-node, 2 threads': node('peers/onnxruntime-node.mjs', { threads: 2 }),
  pytorch: python({ threads: 1 }),
  'pytorch, 2 threads': python({ threads: 2 }),
}

/** A contender has this long for one answer before it counts as hung. */
const patience = 180_000

/** The runner's end of a contender's process. A process that is gone answers with an error, and nothing else ends. */
export class Contender {
  #child
  #waiting
  #gone
  #said = ''

  constructor(name, clock) {
    this.name = name
    const [command, ...args] = contenders[name].command(clock)
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.on('data', (text) => (this.#said = (this.#said + text).slice(-2000)))
    createInterface({ input: this.#child.stdio[3] }).on('line', (line) => this.#answer(JSON.parse(line)))
    this.#child.stdin.on('error', () => {})
    this.#child.on('error', (error) =>
      this.#lost(error.code === 'ENOENT' ? `${command} not found` : error.message),
    )
    this.#child.on('close', (code, signal) =>
      this.#lost(`ended by ${signal ?? `exit code ${code}`}: ${this.#lastLine}`),
    )
  }

  /** Sends a request and gives the answer; `error` in it says what went wrong. */
  ask(ask, rest = {}) {
    if (this.#gone) return Promise.resolve({ error: this.#gone })
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#child.kill('SIGKILL')
        this.#lost(`no answer in ${patience / 1000} s`)
      }, patience)
      this.#waiting = (answer) => {
        clearTimeout(timer)
        resolve(answer)
      }
      this.#child.stdin.write(JSON.stringify({ ask, ...rest }) + '\n')
    })
  }

  stop() {
    this.#gone ??= 'stopped'
    this.#child.kill('SIGKILL')
  }

  get #lastLine() {
    return this.#said.trim().split('\n').at(-1) ?? ''
  }

  #answer(answer) {
    this.#waiting?.(answer)
    this.#waiting = undefined
  }

  #lost(reason) {
    this.#gone ??= reason
    this.#answer({ error: this.#gone })
  }
}
