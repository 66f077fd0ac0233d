import { bytesPerElement } from '../../../tensor/dtype.js'
import { forEachOffset, type Tensor } from '../../../tensor/tensor.js'
import type { Kernels } from '../../backend.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import type { WasmHost } from '../storage.js'
import { address, forEach4, forEachRow, rowArgs, rowWork } from './support.js'

/** Rows of dense words; strides in bytes. */
const copyArgs = { ...i32s('x', 'xStride', 'out', 'outStride'), ...rowArgs }
const copyRows = kernel('copyRows', copyArgs, (f, p, item) => {
  const [x, out] = [f.i32(), f.i32()]
  forEachRow(f, item, p, (row) => {
    x.set(p.x.add(row.mul(p.xStride)))
    out.set(p.out.add(row.mul(p.outStride)))
    forEach4(f, p.width, [x], [out], (v) => [v])
  })
})

export const copyKernels = [copyRows]

export const copy = (run: RunKernel, host: WasmHost): Pick<Kernels, 'copy'> => ({
  copy(x, out) {
    if (x.size === 0) return
    const dims = commonDims(x, out)
    const inner = dims.pop() ?? { size: 1, x: 1, out: 1 }
    if (bytesPerElement[x.dtype] !== 4 || inner.x !== 1 || inner.out !== 1) return copyOnHost(host, x, out)
    const { size: rows, ...stride } = dims.pop() ?? { size: 1, x: 0, out: 0 }
    const shape = dims.map((d) => d.size)
    const { items, args } = rowWork(rows, inner.size)
    const [xStride, outStride] = [4 * stride.x, 4 * stride.out]
    const starts = (t: Tensor, of: 'x' | 'out') => {
      const strides = dims.map((d) => d[of])
      return offsets(shape, strides).map((at) => address(t) + 4 * at)
    }
    const [from, to] = [starts(x, 'x'), starts(out, 'out')]
    from.forEach((at, i) => run(copyRows, items, { x: at, xStride, out: to[i], outStride, ...args }))
  },
})

interface Dim {
  size: number
  /** Strides in elements. */
  x: number
  out: number
}

/** The dimensions with their strides in both, neighbours that both walk as one being one. */
function commonDims(x: Tensor, out: Tensor): Dim[] {
  const dims: Dim[] = []
  x.shape.forEach((size, i) => {
    if (size === 1) return
    const dim = { size, x: x.strides[i], out: out.strides[i] }
    const outer = dims.at(-1)
    if (outer?.x === dim.x * size && outer.out === dim.out * size)
      dims[dims.length - 1] = { ...dim, size: outer.size * size }
    else dims.push(dim)
  })
  return dims
}

function offsets(shape: readonly number[], strides: readonly number[]): number[] {
  const all: number[] = []
  forEachOffset(shape, strides, (at) => all.push(at))
  return all
}

/** Any strides and dtype, element by element. */
function copyOnHost(host: WasmHost, x: Tensor, out: Tensor): void {
  const [from, to] = [host.view(x.storage), host.view(out.storage)]
  const places = offsets(out.shape, out.strides)
  forEachOffset(x.shape, x.strides, (at, i) => (to[out.offset + places[i]] = from[x.offset + at]))
}
