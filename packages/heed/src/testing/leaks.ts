import { onTestFinished } from 'vitest'
import { ReferenceBackend } from '../backends/reference/index.js'
import { WasmBackend } from '../backends/wasm/index.js'
import { tensorsIn } from '../tensor/scope.js'
import { liveTensors } from '../tensor/tensor.js'

/** Every backend that has held a tensor, and what it took before its first: threads' scratch, constants. */
const constants = new Map<WasmBackend | ReferenceBackend, number>()

for (const { prototype } of [WasmBackend, ReferenceBackend]) {
  const { allocate } = prototype
  prototype.allocate = function (dtype, length) {
    if (!constants.has(this)) constants.set(this, this.bytesInUse)
    return allocate.call(this, dtype, length)
  }
}

/**
 * Remembers what is alive now. The function it gives throws when more is: tensors, or bytes of any backend, which also
 * sees what kernels allocate for themselves. A backend that was disposed holds nothing.
 */
export function leakCheck(): () => void {
  const tensors = liveTensors()
  const bytes = new Map([...constants.keys()].map((backend) => [backend, backend.bytesInUse]))
  return () => {
    const left = liveTensors() - tensors
    if (left > 0)
      throw new Error(
        `${left} ${left === 1 ? 'tensor' : 'tensors'} leaked: dispose them, or make them in a scope`,
      )
    for (const [backend, own] of constants) {
      const more = backend.bytesInUse - (bytes.get(backend) ?? own)
      if (more > 0) throw new Error(`${more} bytes of the ${backend.name} backend leaked, and no tensor`)
    }
  }
}

/** Frees all tensors in `value` when the test ends, and gives it back: for what no scope and no `using` can hold. */
export function held<T>(value: T): T {
  onTestFinished(() => {
    for (const t of tensorsIn(value)) t.dispose()
  })
  return value
}
