import type { GivenFolder } from './folder'
import type { Requests } from './requests'
// oxlint-disable-next-line import/default -- Vite makes it.
import address from './worker?worker&url'
import { type AnswerOf, type CallOptions, Client, EngineError, type PartOf, type RequestOf } from './rpc'

let client: Client<Requests> | undefined
/** Every engine that starts gets them. */
let folders: readonly GivenFolder[] = []

/** A worker must come from the page's own origin; one from another is imported by a line that does. */
function script(): string {
  const { href, origin } = new URL(address, document.baseURI)
  if (origin === location.origin) return href
  const line = `import ${JSON.stringify(href)}`
  return URL.createObjectURL(new Blob([line], { type: 'text/javascript' }))
}

/** The worker that computes, started on first use, and again after one that died. */
function engine(): Client<Requests> {
  if (client) return client
  const worker = new Worker(script(), { type: 'module', name: 'heed' })
  const made = (client = new Client<Requests>(worker))
  const lost = (event: Event) => {
    client = undefined
    worker.terminate()
    const { message = '' } = event as Partial<ErrorEvent>
    made.fail(
      new EngineError(
        'engine',
        `the engine stopped${message && ` (${message})`}; it starts anew at the next step`,
      ),
    )
  }
  worker.addEventListener('error', lost)
  worker.addEventListener('messageerror', lost)
  for (const folder of folders) give(made, folder)
  return made
}

// An engine that dies before it has them says so to whoever asks next.
const give = (to: Client<Requests>, folder: GivenFolder) =>
  void to.call('giveFolder', folder).catch(() => undefined)

/** Gives the engine files that the reader opened as a model; what is asked next finds them there. */
export function giveFolder(folder: GivenFolder): void {
  give(engine(), folder)
  folders = [...folders.filter(({ name }) => name !== folder.name), folder]
}

/** Starts the worker, so that it is there when it is needed. */
export const wake = (): void => void engine()

/** Asks the engine: `ask('step', { model, text, changes })`. The page itself computes nothing. */
export const ask = <N extends keyof Requests>(
  name: N,
  request: RequestOf<Requests, N>,
  options?: CallOptions<PartOf<Requests, N>>,
): Promise<AnswerOf<Requests, N>> => engine().call(name, request, options)
