import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { HeedError } from 'heed'
import { type AppOptions, studioApp } from './app.js'

export interface Running {
  address: string
  /** Resolves when the last connection has gone. */
  close(): Promise<void>
}

/**
 * Starts the server on the loopback interface.
 *
 * @throws HeedError `input` when the port is taken or not allowed
 */
export async function listen(options: Omit<AppOptions, 'port'>, wanted: number): Promise<Running> {
  let port = 0
  const app = studioApp({ ...options, port: () => port })
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  await new Promise<void>((started, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) => failed(explain(error, wanted)))
    server.listen(wanted, '127.0.0.1', started)
  })
  ;({ port } = server.address() as AddressInfo)
  return {
    address: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

function explain(cause: NodeJS.ErrnoException, port: number): HeedError {
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} is taken, perhaps by another heed studio; name another with --port, or --port 0 for any that is free`,
    EACCES: `port ${port} is not allowed for this user; name one from 1024 up with --port`,
  }
  return new HeedError(
    'input',
    reasons[cause.code ?? ''] ?? `cannot listen on port ${port}: ${cause.message}`,
    {
      cause,
    },
  )
}
