import { ModuleBuilder } from './emit/module.js'
import type { Simd } from './emit/function.js'
import { nodeModule } from './pool.js'

/** Relaxed SIMD and plain SIMD tilings: what fits the 16 vector registers of x86-64 without spilling. */
export const simdVariant = (relaxed: boolean): Simd => ({
  relaxed,
  rows: relaxed ? 6 : 5,
  // With fused multiply-adds the guards cost nothing on new engines; without, they would there.
  guards: relaxed || olderTurboFan(),
})

function olderTurboFan(): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } }
  const major = Number.parseInt(process?.versions?.node ?? '', 10)
  return major < 24
}

/** Whether this engine compiles relaxed SIMD now. */
export function hasRelaxedSimd(): boolean {
  const m = new ModuleBuilder(simdVariant(true))
  m.func(['v128'], (f, x) => x.set(f.madd(x, x, x)), 'probe')
  return WebAssembly.validate(m.bytes(false, 1))
}

/** Node 20 hides relaxed SIMD behind a flag of V8 that holds for the whole process; elsewhere this does nothing. */
export function enableRelaxedSimd(): void {
  if (hasRelaxedSimd() || !olderTurboFan()) return
  nodeModule<{ setFlagsFromString(flag: string): void }>('node:v8')?.setFlagsFromString(
    '--experimental-wasm-relaxed-simd',
  )
}
