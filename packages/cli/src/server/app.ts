import { Hono } from 'hono'
import { fileResponse, fileWithin } from './files.js'
import { modelFile, type ServedModel } from './models.js'
import { runFile, servedRuns } from './runs.js'

/** What the page may load: its own files, and models of the hub where somebody asks for one. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src-elem 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self' https://huggingface.co https://*.huggingface.co https://*.hf.co",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Isolation gives the page shared memory, and so threads. */
const headers: Readonly<Record<string, string>> = {
  'content-security-policy': policy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

export interface AppOptions {
  /** The folder of the built page. */
  page: string
  models: readonly ServedModel[]
  /** The folder whose training runs may be looked at. Default none. */
  runs?: string
  /** The port that the server listens on, known once it does. */
  port: () => number
}

/** Refused are names that other sites could point here (DNS rebinding), and what other sites ask for. */
function refusal(request: Request, port: number): string | undefined {
  const names = ['127.0.0.1', 'localhost']
  const hosts = names.map((name) => `${name}:${port}`)
  if (port === 80) hosts.unshift(...names) // browsers leave the usual port out
  const host = request.headers.get('host') ?? ''
  if (!hosts.includes(host)) return `this server answers to ${hosts.join(' and ')}, not to '${host}'`
  const origin = request.headers.get('origin')
  if (origin !== null && !hosts.includes(origin.replace(/^http:\/\//, '')))
    return 'this server answers to its own page alone'
  return undefined
}

/** The app of `heed studio`: the page, its models, what training runs log, and nothing else of the disk. */
export function studioApp({ page, models, runs, port }: AppOptions): Hono {
  const app = new Hono()
  const byName = new Map(models.map((model) => [model.entry.name, model]))

  app.use(async ({ req }, next) => {
    const refused = refusal(req.raw, port())
    const { method } = req
    if (refused) return new Response(`${refused}\n`, { status: 403 })
    if (method !== 'GET' && method !== 'HEAD') return new Response(null, { status: 405 })
    return next()
  })
  app.use(async (context, next) => {
    await next()
    for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value)
  })

  app.get('/models.json', (context) =>
    context.json(
      models.map(({ entry }) => entry),
      200,
      { 'cache-control': 'no-store' },
    ),
  )
  app.get('/runs.json', async (context) =>
    context.json(runs === undefined ? [] : await servedRuns(runs), 200, { 'cache-control': 'no-store' }),
  )
  app.get('*', async ({ req }) => {
    const path = decoded(new URL(req.url).pathname)
    const [, run, log] = /^\/runs\/([^/]+)\/([^/]+)$/.exec(path) ?? []
    if (run !== undefined && runs !== undefined) {
      const found = await runFile(runs, run, log)
      return found ? fileResponse(found, req.raw, 'no-cache') : missing()
    }
    const [, name, file] = /^\/models\/([^/]+)\/(.+)$/.exec(path) ?? []
    const model = byName.get(name)
    if (model) {
      const found = await modelFile(model, file)
      // Asked for again each time, so that a model in training is never yesterday's; what is the same is not sent.
      return found ? fileResponse(found, req.raw, 'no-cache') : missing()
    }
    const asked = path === '/' ? 'index.html' : path.slice(1)
    const found = await fileWithin(page, asked)
    const forever = asked.startsWith('assets/') // their names hold a hash of what is in them
    return found
      ? fileResponse(found, req.raw, forever ? 'public, max-age=31536000, immutable' : 'no-cache')
      : missing()
  })
  return app
}

const missing = () => new Response('not found\n', { status: 404 })

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return ''
  }
}
