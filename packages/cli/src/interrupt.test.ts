import { HeedError } from 'heed'
import { expect, it } from 'vitest'
import { interruptible, killable } from './interrupt.js'

const listeners = () => (['SIGINT', 'SIGTERM'] as const).map((signal) => process.listeners(signal))

it('stops work that can be stopped at the first signal, and listens no longer', async () => {
  const before = listeners()
  const work = interruptible(
    async (signal) => {
      process.emit('SIGINT')
      signal.throwIfAborted()
    },
    () => 'stopped; 3 are kept',
  )
  await expect(work).rejects.toMatchObject({ code: 'aborted', message: 'stopped; 3 are kept' })
  expect(listeners()).toEqual(before)
})

it('listens to no signal while work is under way that would not let it be heard, and then again', async () => {
  await interruptible(async (signal) => {
    const heard = listeners()
    expect(heard.map(({ length }) => length > 0)).toEqual([true, true])
    expect(await killable(async () => listeners())).toEqual([[], []])
    expect(listeners()).toEqual(heard)
    const failing = killable(() => Promise.reject(new HeedError('input', 'no')))
    await expect(failing).rejects.toThrow('no')
    expect(listeners()).toEqual(heard)
    expect(signal.aborted).toBe(false)
  })
})
