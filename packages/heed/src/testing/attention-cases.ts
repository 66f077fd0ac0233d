import * as fc from 'fast-check'
import type { AttentionOptions } from '../ops/attention-rules.js'
import { randn } from '../ops/create.js'
import type { Shape } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { randomMask } from './random.js'

/** Throws unless the property holds for random inputs, each a record of what `arbitraries` give. */
export const holds = <T>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  property: (given: T) => Promise<void>,
  numRuns = 25,
): Promise<void> =>
  fc.assert(fc.asyncProperty(fc.record(arbitraries) as fc.Arbitrary<T>, property), { numRuns })

export const seed = fc.nat(1e6)

/** Small sizes, 0 included, and those around 6×8 tiles and vectors of 4. */
export const small = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(0, 1, 4, 5, 6, 7, 8, 9))

/** Also those around attention's blocks: 96 queries × 192 keys. */
export const size = fc.oneof(
  { weight: 3, arbitrary: small },
  fc.constantFrom(47, 48, 49, 95, 96, 97, 128, 150, 191, 192, 193),
)

const headSize: fc.Arbitrary<number> = fc.constantFrom(1, 3, 4, 7, 8, 16, 24, 33, 64)

/** Shapes and options of an attention: what random cases are drawn from. */
export const attentionCases = {
  B: fc.integer({ min: 1, max: 3 }),
  Tq: size,
  Tk: size,
  Hkv: fc.integer({ min: 1, max: 2 }),
  group: fc.integer({ min: 1, max: 3 }),
  D: headSize,
  Dv: headSize,
  seed,
  causal: fc.constantFrom('no', 'yes', 'offset', 'offsets', 'far'),
  lengths: fc.boolean(),
  mask: fc.constantFrom('no', 'keys', 'heads', 'cells'),
  scale: fc.constantFrom(undefined, 0.1),
  window: fc.constantFrom(undefined, [0, 0], [3, 0], [2, 40], [100, Infinity], [Infinity, 1]),
  softcap: fc.constantFrom(undefined, 0.7, 30),
  bias: fc.constantFrom('no', 'keys', 'heads', 'queries', 'cells', 'relative', 'relative, one way'),
  sink: fc.boolean(),
}

export type AttentionCase = {
  [K in keyof typeof attentionCases]: (typeof attentionCases)[K] extends fc.Arbitrary<infer V> ? V : never
}

/** The shapes of q, k, v and of what the options of a case take of tensors that have gradients: bias, table, sink. */
export function attentionShapes(given: AttentionCase): Record<string, Shape> {
  const { B, Tq, Tk, Hkv, group, D, Dv, bias, sink } = given
  const H = Hkv * group
  const biases: Record<string, Shape> = {
    keys: [B, 1, 1, Tk],
    heads: [1, H, 1, Tk],
    queries: [1, 1, Tq, Tk],
    cells: [B, H, Tq, Tk],
  }
  return {
    q: [B, Tq, H, D],
    k: [B, Tk, Hkv, D],
    v: [B, Tk, Hkv, Dv],
    ...(bias in biases ? { bias: biases[bias] } : {}),
    ...(bias.startsWith('relative') ? { table: [8, H] } : {}),
    ...(sink ? { sink: [H] } : {}),
  }
}

/** The options of a case, with tensors made for its `attentionShapes`; a mask is made on the backend in use. */
export function attentionOptions(
  given: AttentionCase,
  { bias, table, sink }: Record<string, Tensor>,
): AttentionOptions {
  const { B, Tq, Tk, Hkv, group, seed, causal, lengths, mask, scale, window, softcap } = given
  const perBatch = (low: number, high: number) =>
    Array.from({ length: B }, (_, b) => low + ((seed + 7 * b) % (high - low + 1)))
  const masks = { keys: [B, 1, 1, Tk], heads: [1, Hkv * group, 1, Tk], cells: [B, Hkv * group, Tq, Tk] }
  return {
    scale,
    causal: {
      no: false,
      yes: true,
      offset: { offset: (seed % 11) - 5 },
      offsets: { offset: perBatch(-3, Tk) },
      far: { offset: seed % 2 ? 2 ** 31 - 1 : -(2 ** 31) },
    }[causal],
    lengths: lengths ? perBatch(0, Tk) : undefined,
    mask: mask === 'no' ? undefined : randomMask(masks[mask as keyof typeof masks], 0.8, seed),
    window: window as [number, number] | undefined,
    softcap,
    bias: table ? { relative: table, bidirectional: given.bias === 'relative', maxDistance: 20 } : bias,
    sink,
  }
}

/** Random tensors of these shapes, on the backend in use. */
export const randomTensors = (shapes: Record<string, Shape>, seed: number): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(shapes).map(([name, s], i) => [name, randn(s, { seed: seed + i })]))
