import { MessageChannel } from 'node:worker_threads'
import { HeedError } from 'heed'
import { expect, it, onTestFinished } from 'vitest'
import { Client, type Context, EngineError, type Port, serve, type StreamContext } from './rpc'

const log: string[] = []
const handlers = {
  double: async (x: number) => 2 * x,
  array: async (length: number) => ({ list: [new Float32Array(length).fill(1)] }),
  fails: async (code: string) => {
    if (code === 'plain') throw new Error('went wrong')
    throw new HeedError('memory', 'too large; take less')
  },
  counts: async (to: number, { onPart, signal }: StreamContext<Float32Array>) => {
    for (let n = 0; n < to; n++) {
      onPart(Float32Array.of(n))
      await new Promise((next) => setTimeout(next, 2))
      signal.throwIfAborted()
    }
    return to
  },
  slow: async (name: string, { signal, onProgress }: Context) => {
    log.push(`begin ${name}`)
    for (let done = 0; done < 100; done++) {
      onProgress({ stage: 'load', done, total: 100 })
      await new Promise((next) => setTimeout(next, 2))
      if (signal.aborted) {
        log.push(`stop ${name}`)
        throw new HeedError('aborted', 'stopped')
      }
    }
    return name
  },
}

function connect(): Client<typeof handlers> {
  const { port1, port2 } = new MessageChannel()
  port1.start()
  port2.start()
  onTestFinished(() => port1.close())
  serve(handlers, port1 as unknown as Port)
  return new Client<typeof handlers>(port2 as unknown as Port)
}

it('answers, each to its question', async () => {
  const client = connect()
  expect(await Promise.all([1, 2, 3].map((x) => client.call('double', x)))).toEqual([2, 4, 6])
  expect((await client.call('array', 3)).list[0]).toEqual(Float32Array.of(1, 1, 1))
})

it('errors keep their code', async () => {
  const client = connect()
  await expect(client.call('fails', 'memory')).rejects.toEqual(
    new EngineError('memory', 'too large; take less'),
  )
  await expect(client.call('fails', 'plain')).rejects.toMatchObject({ code: 'failed', message: 'went wrong' })
  expect(await client.call('double', 2)).toBe(4)
})

it('stops what runs, skips what waits, and goes on with what is wanted', async () => {
  const client = connect()
  log.length = 0
  const [first, second] = [new AbortController(), new AbortController()]
  const seen: number[] = []
  const running = client.call('slow', 'a', {
    signal: first.signal,
    onProgress: ({ done }) => seen.push(done),
  })
  const waiting = client.call('slow', 'b', { signal: second.signal })
  const wanted = client.call('double', 4)
  second.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
  await new Promise((next) => setTimeout(next, 20))
  first.abort()
  await expect(running).rejects.toMatchObject({ code: 'aborted' })
  expect(await wanted).toBe(8)
  expect(log).toEqual(['begin a', 'stop a'])
  expect(seen[0]).toBe(0)
  await expect(client.call('double', 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'aborted',
  })
})

it('parts come in order, before the answer, and none after a stop', async () => {
  const client = connect()
  const told: number[] = []
  const onPart = ([n]: Float32Array) => void told.push(n)
  const controller = new AbortController()
  expect(await client.call('counts', 4, { onPart })).toBe(4)
  expect(told).toEqual([0, 1, 2, 3])
  const stopped = client.call('counts', 100, {
    signal: controller.signal,
    onPart: ([n]) => {
      told.push(n)
      if (n === 2) controller.abort()
    },
  })
  await expect(stopped).rejects.toMatchObject({ code: 'aborted' })
  expect(await client.call('double', 1)).toBe(2)
  expect(told).toEqual([0, 1, 2, 3, 0, 1, 2])
})

it('when the other end is gone nobody waits', async () => {
  const client = connect()
  const asked = client.call('slow', 'c')
  client.fail(new EngineError('engine', 'the engine stopped'))
  await expect(asked).rejects.toMatchObject({ code: 'engine' })
})
