import { HeedTypeError } from '../../../errors.js'
import type { Tensor } from '../../../tensor/tensor.js'
import type { AttentionRules } from '../../backend.js'
import { type ArgLocals, type ArgValues, i32s } from '../emit/kernel.js'
import type { WasmHost } from '../storage.js'

/** The arguments that all attention kernels begin with; strides in bytes. */
export const attentionArgs = {
  ...i32s('q', 'qB', 'qT', 'k', 'kB', 'kT', 'm', 'l'),
  ...i32s('H', 'group', 'Tq', 'Tk', 'D'),
  scale: 'f32',
  softcap: 'f32', // 0: none
  // Addresses; 0 where the rule is not in force.
  ...i32s('sink', 'first', 'last', 'lengths', 'mask', 'maskB', 'maskH', 'maskQ', 'maskK'),
  ...i32s('bias', 'biasB', 'biasH', 'biasQ'),
} as const
export type AttentionArgs = ArgLocals<typeof attentionArgs>

/** What forward and backward add: values and output. */
export const valueArgs = i32s('v', 'vB', 'vT', 'Dv', 'out')

/** The largest head size: what the scratch memory of a thread (pool.ts) has room for. */
export const maxHeadSize = 512

interface Inputs extends AttentionRules {
  q: Tensor
  k: Tensor
  m: Tensor
  l: Tensor
}

/** Values for `attentionArgs`, with the small arrays placed in memory while `use` runs. */
export function withAttentionArgs(
  host: WasmHost,
  { q, k, m, l, scale, softcap = 0, ...rules }: Inputs,
  use: (args: ArgValues<typeof attentionArgs>) => void,
): void {
  const [, Tq, H, D] = q.shape
  checkHeadSize('D', D)
  const { sink = 0, mask, bias } = rules
  const [maskB, maskH, maskQ, maskK] = mask?.strides ?? [0, 0, 0, 0]
  const [qB, qT, kB, kT] = [q.strides[0], q.strides[1], k.strides[0], k.strides[1]].map((n) => 4 * n)
  const [group, Tk] = [H / k.shape[2], k.shape[1]]
  const { biasB, biasH, biasQ } = biasSteps(bias)
  host.withInts(rules.first, (first) =>
    host.withInts(rules.last, (last) =>
      host.withInts(rules.lengths, (lengths) =>
        // Written out: joining objects would take longer than a step of decoding's attention.
        use({
          q,
          qB,
          qT,
          k,
          kB,
          kT,
          m,
          l,
          H,
          group,
          Tq,
          Tk,
          D,
          scale,
          softcap,
          sink,
          first,
          last,
          lengths,
          mask: mask ?? 0,
          maskB,
          maskH,
          maskQ,
          maskK,
          bias: bias ?? 0,
          biasB,
          biasH,
          biasQ,
        }),
      ),
    ),
  )
}

/** Bytes from one batch, head and query to the next in a bias spread to the map. */
export function biasSteps(bias: Tensor | undefined): Record<'biasB' | 'biasH' | 'biasQ', number> {
  const [biasB, biasH, biasQ] = (bias?.strides ?? [0, 0, 0]).map((n) => 4 * n)
  return { biasB, biasH, biasQ }
}

/** Values for `valueArgs`. */
export function valuesOf(v: Tensor, out: Tensor): ArgValues<typeof valueArgs> {
  const Dv = v.shape[3]
  checkHeadSize('Dv', Dv)
  return { v, out, vB: v.strides[0] * 4, vT: v.strides[1] * 4, Dv }
}

function checkHeadSize(name: string, size: number): void {
  if (size <= maxHeadSize) return
  throw new HeedTypeError(
    'unsupported',
    `attention: ${name} = ${size}; the wasm backend takes heads of up to ${maxHeadSize}, 'reference' any`,
  )
}
