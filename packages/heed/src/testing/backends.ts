import { afterAll, beforeAll, describe } from 'vitest'
import { setBackend } from '../backends/current.js'
import type { Backend } from '../backends/backend.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { WasmBackend } from '../backends/wasm/index.js'

/** The backends that must agree with the reference: every agreement test runs on each of them. */
export const comparedBackends: { name: string; start: () => Backend }[] = [
  { name: 'wasm, two threads', start: () => new WasmBackend({ threads: 2 }) },
  { name: 'wasm, one thread, plain SIMD', start: () => new WasmBackend({ threads: 1, relaxed: false }) },
]

// Tests that import testing/ and choose nothing run on the reference backend in float64.
let current: Backend = setBackend(new ReferenceBackend({ dtype: 'float64' }))

/** Runs `fn` with `backend` as the one where new tensors live, and puts the one before back, also after a promise. */
export function withBackend<R>(backend: Backend, fn: () => R): R {
  const before = current
  const restore = () => {
    current = setBackend(before)
  }
  current = setBackend(backend)
  try {
    const result = fn()
    if (result instanceof Promise) return result.finally(restore) as R
    restore()
    return result
  } catch (error) {
    restore()
    throw error
  }
}

/** Declares the same tests on the reference backend and on wasm, where tensors live unless they name another. */
export function onBackends(title: string, tests: () => void): void {
  const reference = { name: 'reference', start: () => new ReferenceBackend({ dtype: 'float64' }) as Backend }
  describe.each([reference, comparedBackends[0]])(`${title}, $name`, ({ start }) => {
    const before = current
    let backend: Backend
    beforeAll(() => {
      current = setBackend((backend = start()))
    })
    afterAll(() => {
      current = setBackend(before)
      backend.dispose()
    })
    tests()
  })
}
