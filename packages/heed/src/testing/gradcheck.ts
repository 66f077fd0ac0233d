import { valueAndGrad } from '../autograd/index.js'
import { backendOf } from '../backends/current.js'
import { linear, randn, reshape, tensor } from '../ops/index.js'
import { scope } from '../tensor/scope.js'
import { liveTensors, type Tensor } from '../tensor/tensor.js'

/** Σ y ⊙ r with fixed random r: a loss that gives every element of y a gradient of its own. */
export function weightedSum(y: Tensor, seed = 1): Tensor {
  const r = randn([1, y.size], { seed, dtype: y.dtype, backend: backendOf(y) })
  return linear(reshape(y, [1, y.size]), r)
}

/**
 * Throws unless the gradients of Σ fn(params) ⊙ r agree with central differences in every element of every parameter:
 * |analytic − numeric| ≤ 1e-6 · max(1, |numeric|). Parameters are float64 (the reference backend); keep them away from
 * kinks. Also throws when tensors leak.
 */
export async function gradcheck<P extends Record<string, Tensor>>(
  fn: (params: P) => Tensor,
  params: P,
): Promise<void> {
  const step = 1e-5
  const before = liveTensors()
  const { value, grads } = valueAndGrad(params, () => weightedSum(fn(params)))
  value.dispose()
  for (const [name, param] of Object.entries(params)) {
    if (param.dtype !== 'float64')
      throw new Error(`gradcheck: ${name} is ${param.dtype}; differences need float64`)
    const values = await param.data()
    const analytic = await grads[name].data()
    grads[name].dispose()
    const lossAt = async (i: number, delta: number) => {
      using loss = scope(() => {
        const moved = tensor(values.with(i, values[i] + delta), param.shape, { backend: backendOf(param) })
        return weightedSum(fn({ ...params, [name]: moved }))
      })
      return loss.item()
    }
    for (let i = 0; i < values.length; i++) {
      const numeric = ((await lossAt(i, step)) - (await lossAt(i, -step))) / (2 * step)
      if (!(Math.abs(analytic[i] - numeric) <= 1e-6 * Math.max(1, Math.abs(numeric))))
        throw new Error(`gradcheck: d/d${name}[${i}] is ${analytic[i]}, differences give ${numeric}`)
    }
  }
  if (liveTensors() !== before) throw new Error(`gradcheck: ${liveTensors() - before} tensors leaked`)
}
