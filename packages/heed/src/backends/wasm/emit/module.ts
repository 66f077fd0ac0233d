import { ByteBuffer, section, text, unsigned, vector } from './bytes.js'
import { type Callable, Fn, type Local, type Simd } from './function.js'
import { type Exprs, typeCodes, type ValueType } from './values.js'

type Locals<P extends readonly ValueType[]> = { [K in keyof P]: Local<Exprs[P[K]]> }

/** '\0asm' and the version of the format. */
const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]

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
  ): Callable<P> {
    const fn = new Fn(params, this.simd)
    body(fn, ...(params.map((type, i) => fn.param(type, i)) as Locals<P>))
    this.#functions.push({ fn, name })
    return { index: this.#functions.length - 1, params }
  }

  /** Builds a function on first use and gives the same one to all who ask under this name. */
  once<P extends readonly ValueType[]>(name: string, build: () => Callable<P>): Callable<P> {
    const known = (this.#shared.get(name) as Callable<P> | undefined) ?? build()
    this.#shared.set(name, known)
    return known
  }

  bytes(shared: boolean, maxPages: number): Uint8Array<ArrayBuffer> {
    const fns = this.#functions
    const exported = fns.flatMap(({ name }, i) => (name ? [[text(name), 0, unsigned(i)]] : []))
    const memory = [text('env'), text('memory'), 2, shared ? 3 : 1, 1, unsigned(maxPages)]
    const module = new ByteBuffer()
    module.append([
      header,
      section(1, vector(fns.map(({ fn }) => [0x60, vector(fn.params.map((p) => [typeCodes[p]])), 0]))),
      section(2, vector([memory])),
      section(3, vector(fns.map((_, i) => unsigned(i)))),
      section(7, vector(exported)),
      section(10, vector(fns.map(({ fn }) => fn.body()))),
    ])
    return module.bytes
  }
}
