import { HeedTypeError } from '../errors.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Backend } from './backend.js'
import type { ReferenceOptions } from './reference/index.js'
import { type WasmOptions, WasmBackend } from './wasm/index.js'

let current: Backend | undefined

/**
 * Chooses where new tensors live. Optional: without it the first tensor starts `wasm` with the machine's cores.
 *
 * - `wasm`: SIMD kernels and a thread pool; float32.
 * - `reference`: plain TypeScript, slow and readable; `dtype: 'float64'` for gradient checks.
 *
 * Every call starts a backend of its own, with its threads and memory. Tensors of an earlier one stay usable, but do
 * not mix with new ones in one op; `dispose()` of a backend that is no longer wanted stops its threads.
 *
 * @throws HeedError `backend` when the backend cannot start here; HeedTypeError `option` for an unknown name.
 */
export async function useBackend(name: 'wasm', options?: WasmOptions): Promise<Backend>
export async function useBackend(name: 'reference', options?: ReferenceOptions): Promise<Backend>
export async function useBackend(name: string, options: object = {}): Promise<Backend> {
  const backend = setBackend(await createBackend(name, options))
  if (backend instanceof WasmBackend) await backend.ready()
  return backend
}

/** Makes a backend without choosing it. The code of `reference`, which few programs run, is loaded here. */
export async function createBackend(name: string, options: object = {}): Promise<Backend> {
  if (name === 'wasm') return new WasmBackend(options as WasmOptions)
  if (name === 'reference')
    return new (await import('./reference/index.js')).ReferenceBackend(options as ReferenceOptions)
  throw new HeedTypeError(
    'option',
    `useBackend: there is no backend '${name}'; there are 'wasm' and 'reference'`,
  )
}

/** Makes `backend` the one where new tensors live. */
export const setBackend = (backend: Backend): Backend => (current = backend)

/** The backend where new tensors live, started on first use. */
export const currentBackend = (): Backend => (current ??= new WasmBackend())

/** The backend of a tensor. Every device in heed is one. */
export const backendOf = (t: Tensor): Backend => t.device as Backend
