import { HeedTypeError } from '../errors.js'
import { Tensor } from './tensor.js'
import { adopt, enter, isHeld, leave } from './owners.js'

/**
 * Runs `fn` and frees every tensor it made except those it returns (a tensor, or tensors inside arrays, plain
 * objects and maps), which move to the enclosing scope uncopied. Scopes nest. Inside `valueAndGrad` a scope frees
 * nothing until the gradients are computed.
 *
 * @throws HeedTypeError `option` when `fn` returns a promise: tensors made after an `await` would escape the scope.
 */
export function scope<R>(fn: () => R): R {
  const made = enter()
  let result: R | undefined
  let survivors: ReadonlySet<unknown> | undefined
  try {
    result = fn()
    if (result instanceof Promise) {
      result.catch(() => {})
      throw new HeedTypeError(
        'option',
        'scope: the function returned a promise; scopes are synchronous, so await outside',
      )
    }
    if (!(result instanceof Tensor)) survivors = tensorsIn(result) // the usual case needs no set
    return result
  } finally {
    leave()
    for (const t of made) {
      if (isHeld() || t === result || survivors?.has(t)) adopt(t)
      else t.dispose()
    }
  }
}

/** All tensors inside a value: itself, or in arrays, plain objects and maps, which may hold themselves. */
export function tensorsIn(value: unknown): Set<Tensor> {
  const found = new Set<Tensor>()
  // The usual case: most ops return one.
  if (value instanceof Tensor) return found.add(value)
  const seen = new Set([value])
  for (const v of seen) {
    if (v instanceof Tensor) found.add(v)
    // Set iteration goes on to what is added on the way.
    else for (const inner of contents(v)) if (typeof inner === 'object') seen.add(inner)
  }
  return found
}

function contents(value: unknown): Iterable<unknown> {
  if (Array.isArray(value)) return value
  if (value instanceof Map) return value.values()
  const isPlain = typeof value === 'object' && value && Object.getPrototypeOf(value) === Object.prototype
  return isPlain ? Object.values(value) : []
}
