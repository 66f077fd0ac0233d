import type { Kernels } from '../../backend.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import { f32, type F32, v128 } from '../emit/values.js'
import type { WasmHost } from '../storage.js'
import { makeExp } from './exp.js'
import { makeLog } from './log.js'
import { forEach4, forEachRow, largest4, reduce4, rowArgs, rowsAndWidth, rowWork, total } from './support.js'

const forwardArgs = {
  ...i32s('logits', 'targets', 'ignore', 'losses', 'lse'),
  smoothing: 'f32',
  ...rowArgs,
} as const
const forward = kernel('crossEntropy', forwardArgs, (f, p, item) => {
  const [exp, log] = [makeExp(f), makeLog(f)]
  const [z, target] = [f.i32(), f.i32()]
  const [max, logSum, loss] = [f.f32(), f.f32(), f.f32()]
  // lse − x without rounding lse first: a logit close to the maximum then keeps its digits.
  const below = (x: F32) => logSum.add(max.sub(x))
  const shift = f.v128()
  forEachRow(f, item, p, (row, offset) => {
    const logits = f.i32(p.logits.add(offset))
    z.set(logits)
    shift.set(largest4(f, p.width, z, v128(-Infinity)))
    f.spreadMax(shift)
    z.set(logits)
    const sum = f.sum(reduce4(f, p.width, [z], v128(0), (acc, v) => acc.add(exp(v.sub(shift)))))
    max.set(shift.lane(0))
    logSum.set(log(sum.splat()).lane(0))
    f.storeF32(p.lse.add(row.shl(2)), max.add(logSum))

    target.set(p.targets.add(row.shl(2)).i32())
    loss.set(f32(0))
    f.if(target.ne(p.ignore), () => {
      // A target that is no class has no logit, and the loss is NaN.
      const logit = f.f32(NaN)
      f.if(target.ltU(p.width), () => logit.set(logits.add(target.shl(2)).f32()))
      loss.set(f32(1).sub(p.smoothing).mul(below(logit)))
      // Only where it counts: a logit of −∞ would make 0 · ∞.
      f.if(p.smoothing.gt(0), () => {
        z.set(logits)
        const mean = f.sum(reduce4(f, p.width, [z], v128(0), (acc, v) => acc.add(v))).div(p.width.toF32())
        loss.set(loss.add(p.smoothing.mul(below(mean))))
      })
    })
    f.storeF32(p.losses.add(row.shl(2)), loss)
  })
})

/** dLogits = perRow · (softmax − (1 − ε) onehot − ε / classes) with perRow = dLoss / count. */
const backwardArgs = {
  ...i32s('logits', 'targets', 'ignore', 'lse', 'count', 'dLoss', 'dLogits'),
  smoothing: 'f32',
  ...rowArgs,
} as const
const backward = kernel('crossEntropyGrad', backwardArgs, (f, p, item) => {
  const exp = makeExp(f)
  const [z, dz, target] = [f.i32(), f.i32(), f.i32()]
  const [shift, zero] = [f.v128(), f.zero()]
  const perRow = f.f32(p.dLoss.f32().div(p.count.f32()))
  const factor = f.v128(perRow.splat())
  const spread = f.v128(perRow.mul(p.smoothing).div(p.width.toF32()).splat())
  forEachRow(f, item, p, (row, offset) => {
    z.set(p.logits.add(offset))
    dz.set(p.dLogits.add(offset))
    target.set(p.targets.add(row.shl(2)).i32())
    f.if(
      target.eq(p.ignore),
      () => forEach4(f, p.width, [], [dz], () => [zero]),
      () => {
        shift.set(p.lse.add(row.shl(2)).splatF32())
        forEach4(f, p.width, [z], [dz], (v) => [exp(v.sub(shift)).mul(factor).sub(spread)])
        f.if(target.ltU(p.width), () => {
          dz.set(p.dLogits.add(offset).add(target.shl(2)))
          f.storeF32(dz, dz.f32().sub(perRow.mul(f32(1).sub(p.smoothing))))
        })
      },
    )
  })
})

export const crossEntropyKernels = [forward, backward]

type CrossEntropyKernels = Pick<Kernels, 'crossEntropy' | 'crossEntropyGrad'>

export const crossEntropy = (run: RunKernel, host: WasmHost): CrossEntropyKernels => ({
  crossEntropy({ logits, targets, smoothing, ignore, losses, lse, loss, count }) {
    const { items, args } = rowWork(...rowsAndWidth(logits))
    run(forward, items, { logits, targets, losses, lse, smoothing, ignore, ...args })
    const elements = (t: typeof loss) => host.view(t.storage).subarray(t.offset, t.offset + t.size)
    const counted = elements(targets).filter((t) => t !== ignore).length
    elements(count)[0] = counted
    elements(loss)[0] = counted ? total(elements(losses)) / counted : 0
  },
  crossEntropyGrad({ logits, targets, smoothing, ignore, lse, count, dLoss, dLogits }) {
    const { items, args } = rowWork(...rowsAndWidth(logits))
    const places = { logits, targets, lse, count, dLoss, dLogits }
    run(backward, items, { ...places, smoothing, ignore, ...args })
  },
})
