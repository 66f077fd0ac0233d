/*
 * Requests between the page and the worker: typed by the handlers themselves, with progress, cancelling, and errors that
 * keep their code. Large arrays move instead of being copied.
 */

/** An error of the worker's as the page sees it; `code` is that of a HeedError. */
export class EngineError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
    this.name = 'EngineError'
  }
}

export interface Progress {
  /** What is being done: `download`, `load`, `read` … */
  stage: string
  done: number
  total: number
}

/** What a handler gets beside its request. */
export interface Context {
  signal: AbortSignal
  onProgress: (progress: Progress) => void
}

/** What a handler gets that tells parts of its answer as they are made. Their arrays move. */
export interface StreamContext<Part> extends Context {
  onPart: (part: Part) => void
}

// Requests and answers of every kind pass through here; `Handlers` types them at both ends.
type Handler = (request: never, context: StreamContext<unknown>) => Promise<unknown>
export type Handlers = Record<string, Handler>
export type RequestOf<H extends Handlers, N extends keyof H> = Parameters<H[N]>[0]
export type AnswerOf<H extends Handlers, N extends keyof H> = Awaited<ReturnType<H[N]>>
/** What a handler tells on the way; nothing where its context is plain. */
export type PartOf<H extends Handlers, N extends keyof H> =
  Parameters<H[N]>[1] extends StreamContext<infer Part> ? Part : never

type ToWorker = { id: number; name: string; request: unknown } | { id: number; cancel: true }
type ToPage = { id: number } & (
  | { progress: Progress }
  | { part: unknown }
  | { answer: unknown }
  | { error: { code: string; message: string } }
)

/** One end of a channel: a worker, the worker's own scope, or a MessagePort. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void
  addEventListener(type: 'message', listen: (event: MessageEvent) => void): void
}

/** Answers requests, one after another, in order: a handler has the engine to itself. Those cancelled while waiting are skipped. */
export function serve(handlers: Handlers, port: Port): void {
  const running = new Map<number, AbortController>()
  let last = Promise.resolve()
  const send = (message: ToPage, transfer: Transferable[] = []) => port.postMessage(message, transfer)
  const answer = async (id: number, name: string, request: unknown, signal: AbortSignal) => {
    try {
      signal.throwIfAborted()
      const handler = handlers[name] as (
        request: unknown,
        context: StreamContext<unknown>,
      ) => Promise<unknown>
      const made = await handler(request, {
        signal,
        onProgress: (progress) => send({ id, progress }),
        onPart: (part) => send({ id, part }, buffersOf(part)),
      })
      send({ id, answer: made }, buffersOf(made))
    } catch (error) {
      const { code = 'failed', message } = error as { code?: unknown; message: string }
      send({ id, error: { code: signal.aborted ? 'aborted' : String(code), message } })
    }
    running.delete(id)
  }
  port.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
    if ('cancel' in data) return running.get(data.id)?.abort()
    const controller = new AbortController()
    running.set(data.id, controller)
    last = last.then(() => answer(data.id, data.name, data.request, controller.signal))
  })
}

/** The memory of all arrays of numbers in an answer, each once. */
function buffersOf(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer)
  } else if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) buffersOf(part, found)
  return [...found]
}

export interface CallOptions<Part = never> {
  signal?: AbortSignal
  onProgress?: (progress: Progress) => void
  /** In order, each before the answer; none after the signal. */
  onPart?: (part: Part) => void
}

/** The other end: asks, and waits for the answer. */
export class Client<H extends Handlers> {
  readonly #waiting = new Map<
    number,
    {
      resolve: (answer: unknown) => void
      reject: (error: Error) => void
      onProgress?: CallOptions['onProgress']
      onPart?: (part: unknown) => void
    }
  >()
  #next = 0

  constructor(readonly port: Port) {
    port.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
      const waiting = this.#waiting.get(data.id)
      if (!waiting) return
      if ('progress' in data) return waiting.onProgress?.(data.progress)
      if ('part' in data) return waiting.onPart?.(data.part)
      this.#waiting.delete(data.id)
      if ('answer' in data) waiting.resolve(data.answer)
      else waiting.reject(new EngineError(data.error.code, data.error.message))
    })
  }

  /** @throws EngineError `aborted` by the signal, and what the handler throws, with its code */
  call<N extends keyof H & string>(
    name: N,
    request: RequestOf<H, N>,
    { signal, onProgress, onPart }: CallOptions<PartOf<H, N>> = {},
  ): Promise<AnswerOf<H, N>> {
    const id = this.#next++
    return new Promise<unknown>((resolve, reject) => {
      if (signal?.aborted) return reject(new EngineError('aborted', 'stopped'))
      const part = onPart as ((part: unknown) => void) | undefined
      this.#waiting.set(id, { resolve, reject, onProgress, onPart: part })
      signal?.addEventListener('abort', () => {
        if (!this.#waiting.delete(id)) return
        this.#send({ id, cancel: true })
        reject(new EngineError('aborted', 'stopped'))
      })
      this.#send({ id, name, request })
    }) as Promise<AnswerOf<H, N>>
  }

  /** The other end is gone: nobody waits for it any longer. */
  fail(error: EngineError): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }

  #send(message: ToWorker): void {
    this.port.postMessage(message, [])
  }
}
