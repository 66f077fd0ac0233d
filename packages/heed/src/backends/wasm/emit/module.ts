import { section, text, unsigned, vector } from './bytes.js'
import { Fn, type Local, type Simd } from './function.js'
import type { F32, I32, V128, ValueType } from './values.js'

type Exprs = { i32: I32; f32: F32; v128: V128 }
type Locals<P extends readonly ValueType[]> = { [K in keyof P]: Local<Exprs[P[K]]> }

/** A function of the module that others in it can call. */
export interface Callable {
  readonly index: number
}

/** A WebAssembly module being written; its memory is imported as env.memory. */
export class ModuleBuilder {
  readonly #functions: { fn: Fn; name?: string }[] = []
  readonly #shared = new Map<string, Callable>()

  constructor(readonly simd: Simd) {}

  /** A function without result; exported when it has a name. */
  func<const P extends readonly ValueType[]>(
    params: P,
    body: (f: Fn, ...args: Locals<P>) => void,
    name?: string,
  ): Callable {
    const fn = new Fn(params, this.simd)
    body(fn, ...(params.map((type, i) => fn.param(type, i)) as Locals<P>))
    this.#functions.push({ fn, name })
    return { index: this.#functions.length - 1 }
  }

  /** Builds a function on first use and gives the same one to all who ask under this name. */
  once(name: string, build: () => Callable): Callable {
    const known = this.#shared.get(name) ?? build()
    this.#shared.set(name, known)
    return known
  }

  bytes(shared: boolean, maxPages: number): Uint8Array<ArrayBuffer> {
    const types = { i32: 0x7f, f32: 0x7d, v128: 0x7b }
    const fns = this.#functions
    return new Uint8Array([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, vector(fns.map(({ fn }) => [0x60, ...vector(fn.params.map((p) => [types[p]])), 0]))),
      ...section(
        2,
        vector([[...text('env'), ...text('memory'), 2, shared ? 3 : 1, 1, ...unsigned(maxPages)]]),
      ),
      ...section(3, vector(fns.map((_, i) => unsigned(i)))),
      ...section(7, vector(fns.flatMap(({ name }, i) => (name ? [[...text(name), 0, ...unsigned(i)]] : [])))),
      ...section(10, vector(fns.map(({ fn }) => fn.body()))),
    ])
  }
}
