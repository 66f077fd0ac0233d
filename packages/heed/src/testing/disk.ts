import { vi } from 'vitest'

type Call = (...args: unknown[]) => unknown
const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null

/**
 * From the `at`-th call on that changes the disk, nothing does any more: as in a process that is dead (`killed`), or on
 * a disk that is full, where files can still be removed. A file that is being written then has half of its bytes.
 * `vi.restoreAllMocks()` mends it. Gives how many such calls there were.
 */
export function breakDisk(at: number, how: 'killed' | 'full'): { calls: number } {
  const counted = { calls: 0 }
  const writes = ['writeFile', 'appendFile', 'mkdir', 'rename', 'rm', 'sync', 'open']
  const broken = () => Object.assign(new Error('broken'), { code: how === 'full' ? 'ENOSPC' : 'EIO' })
  const wrap = (target: object): object =>
    new Proxy(target, {
      get(real, name) {
        const value = Reflect.get(real, name) as unknown
        if (typeof value !== 'function') return value
        const call = value.bind(real) as Call
        return async (...args: unknown[]) => {
          const changes = writes.includes(String(name)) && !(name === 'open' && args[1] === 'r')
          if (changes && ++counted.calls >= at && !(how === 'full' && name === 'rm')) {
            const [content] = args
            if (name === 'writeFile' && content instanceof Uint8Array)
              await call(content.subarray(0, content.length / 2))
            throw broken()
          }
          const result = await call(...args)
          return name === 'open' && isObject(result) ? wrap(result) : result
        }
      },
    })
  const { getBuiltinModule } = process
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(((id: string) => {
    const real = getBuiltinModule.call(process, id) as object
    return id === 'node:fs/promises' ? wrap(real) : real
  }) as typeof getBuiltinModule)
  return counted
}
