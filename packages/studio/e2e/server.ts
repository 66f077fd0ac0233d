import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of a running `heed studio`. */
    studio: string
  }
}

const command = fileURLToPath(new URL('../../cli/bin/heed.js', import.meta.url))

/** What the command prints. */
export const heed = async (...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [command, ...args])).stdout

/** `heed studio` as a user starts it; `stop` ends it as Ctrl-C does. */
export async function startStudio(
  ...args: readonly string[]
): Promise<{ address: string; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [command, 'studio', '--port', '0', ...args])
  const ended = new Promise<number | null>((end) => child.on('exit', end))
  const address = await new Promise<string>((resolve, reject) => {
    let said = ''
    const listen = (text: string) => {
      said += text
      const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)
      if (found) resolve(found[0])
    }
    child.stdout.setEncoding('utf8').on('data', listen)
    child.stderr.setEncoding('utf8').on('data', listen)
    void ended.then((code) => reject(new Error(`heed studio ended with ${code}: ${said}`)))
  })
  const stop = async () => {
    child.kill('SIGINT')
    const code = await ended
    if (code !== 0) throw new Error(`heed studio ended with ${code} after Ctrl-C`)
  }
  return { address, stop }
}

/** One for all tests. */
export default async function ({ provide }: TestProject): Promise<() => Promise<void>> {
  const { address, stop } = await startStudio('--model', 'heed-en-de')
  provide('studio', address)
  return stop
}
