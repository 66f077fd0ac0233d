import { HeedError } from '../errors.js'
import { Tensor } from './tensor.js'
import { adopt, enter, isHeld, leave } from './owners.js'

/**
 * Runs `fn` and frees every tensor it made except those it returns (a tensor, or tensors inside arrays, plain
 * objects and maps), which move to the enclosing scope uncopied. Scopes nest. Inside `valueAndGrad` a scope frees
 * nothing until the gradients are computed.
 *
 * @throws HeedError `option` when `fn` returns a promise: tensors made after an `await` would escape the scope.
 */
export function scope<R>(fn: () => R): R {
  const made = enter()
  let result: R | undefined
  let survivors = new Set<Tensor>()
  try {
    result = fn()
    if (result instanceof Promise) {
      result.catch(() => {})
      throw new HeedError(
        'option',
        'scope: the function returned a promise; scopes are synchronous, so await outside',
      )
    }
    survivors = tensorsIn(result)
    return result
  } finally {
    leave()
    for (const t of made) {
      if (isHeld() || survivors.has(t as Tensor)) adopt(t)
      else t.dispose()
    }
  }
}

/** All tensors inside a value: itself, or in arrays, plain objects and maps. */
export function tensorsIn(value: unknown, found = new Set<Tensor>()): Set<Tensor> {
  if (value instanceof Tensor) found.add(value)
  else if (Array.isArray(value)) for (const v of value) tensorsIn(v, found)
  else if (value instanceof Map) for (const v of value.values()) tensorsIn(v, found)
  else if (value && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    for (const v of Object.values(value)) tensorsIn(v, found)
  return found
}
