import type { Tensor } from '../../../tensor/tensor.js'
import type { Fn, Local } from './function.js'
import type { ModuleBuilder } from './module.js'
import type { Exprs, I32 } from './values.js'

type ArgType = 'i32' | 'f32'
export type ArgSpec = Record<string, ArgType>
/** A kernel's arguments as its body sees them. */
export type ArgLocals<S extends ArgSpec> = { [K in keyof S]: Local<Exprs[S[K]]> }
/** A tensor stands for the address of its first element. */
export type ArgValues<S extends ArgSpec> = { [K in keyof S]: number | Tensor }

/**
 * A kernel: one exported function (args, item, scratch). The work of an op is cut into `items` by its shape alone;
 * any thread may take any item, each has `scratch` memory of its own, and all read the same arguments from memory.
 */
export interface Kernel<S extends ArgSpec = ArgSpec> {
  readonly name: string
  readonly args: S
  build(m: ModuleBuilder): void
}

/** Argument specs that are all i32: `{ ...i32s('x', 'out'), factor: 'f32' }`. */
export const i32s = <const N extends string>(...names: N[]): Record<N, 'i32'> =>
  Object.fromEntries(names.map((name) => [name, 'i32'])) as Record<N, 'i32'>

/** Runs `items` items of a kernel with these arguments and returns when all are done. */
export type RunKernel = <S extends ArgSpec>(kernel: Kernel<S>, items: number, args: ArgValues<S>) => void

/** Declares a kernel. */
export const kernel = <const S extends ArgSpec>(
  name: string,
  args: S,
  body: (f: Fn, args: ArgLocals<S>, item: Local<I32>, scratch: Local<I32>) => void,
): Kernel<S> => kernelWith(name, args, () => undefined, body)

/** Declares a kernel that calls other functions: `prepare` adds them to the module and hands them to the body. */
export const kernelWith = <const S extends ArgSpec, H>(
  name: string,
  args: S,
  prepare: (m: ModuleBuilder) => H,
  body: (f: Fn, args: ArgLocals<S>, item: Local<I32>, scratch: Local<I32>, helpers: H) => void,
): Kernel<S> => ({
  name,
  args,
  build(m) {
    const helpers = prepare(m)
    m.func(
      ['i32', 'i32', 'i32'],
      (f, argsAt, item, scratch) => {
        const locals = Object.entries(args).map(([key, type], i) => [
          key,
          type === 'f32' ? f.f32(argsAt.f32(4 * i)) : f.i32(argsAt.i32(4 * i)),
        ])
        body(f, Object.fromEntries(locals) as ArgLocals<S>, item, scratch, helpers)
      },
      name,
    )
  },
})
