import { bytesPerElement } from '../../../tensor/dtype.js'
import { HeedError } from '../../../errors.js'
import type { Tensor } from '../../../tensor/tensor.js'
import type { Fn } from '../emit/function.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import type { I32 } from '../emit/values.js'
import type { WasmHost, WasmStorage } from '../storage.js'
import { address } from './support.js'
import { forWeights, type WeightType } from './weights.js'

/*
 * A weight that decoding reads again and again lies in panels, [columns / 16][k][16] of the product's B: then a product
 * of one row reads memory in order, which is as fast as memory goes; where B lies as its tensor has it, 16 rows of B
 * at a time are read at half of that. The matrix is turned when it has been the B of several such products and of nothing
 * else, and turned back when something wants its rows (`rowsOf`). Sums are the same bits either way.
 */

/** Columns of B side by side: four vectors, so that sums do not wait for each other. */
export const panelColumns = 16
/** Products of few rows before a matrix is worth turning: turning takes as long as two or three of them. */
const patience = 3

/** Copies one element. */
export function copyElement(f: Fn, type: WeightType, from: I32, to: I32): void {
  if (type === 'float32') f.storeI32(to, from.i32())
  else if (type === 'float16') f.storeI16(to, from.u16())
  else f.storeI8(to, from.u8())
}

const turnArgs = {
  ...i32s('from', 'fromPanel', 'fromColumn', 'fromStep', 'to', 'toPanel', 'toColumn', 'toStep'),
  ...i32s('columns', 'k'),
}

/** Copies the columns of one panel per item, into panels or out of them: strides in bytes say which. */
const turn = forWeights((type) =>
  kernel(`panels ${type}`, turnArgs, (f, p, panel) => {
    const columns = f.i32(p.columns.sub(panel.mul(panelColumns)).min(panelColumns))
    const [column, step, from, to] = [f.i32(), f.i32(), f.i32(), f.i32()]
    f.for(column, 0, columns, 1, () => {
      from.set(p.from.add(panel.mul(p.fromPanel)).add(column.mul(p.fromColumn)))
      to.set(p.to.add(panel.mul(p.toPanel)).add(column.mul(p.toColumn)))
      f.for(step, 0, p.k, 1, () => {
        copyElement(f, type, from, to)
        from.set(from.add(p.fromStep))
        to.set(to.add(p.toStep))
      })
    })
  }),
)

export const panelKernels = Object.values(turn)

/** Where a matrix lies, and whether in panels. */
interface Place {
  at: number
  panels: boolean
}

/** Of a matrix that is B of a product (`along`: its transpose is): in panels if it lies in those of this B. */
export function placeOf(b: Tensor, along: boolean): Place {
  const storage = b.storage as WasmStorage
  if (storage.panels && !(storage.panels.along === along && isWhole(b)))
    return { at: address(b), panels: false }
  b.assertLive('kernel')
  return { at: storage.address + b.offset * bytesPerElement[b.dtype], panels: storage.panels !== undefined }
}

const isWhole = (t: Tensor): boolean => t.size === t.storage.length && t.offset === 0

/** The same of a B that meets few rows: when that has become a habit, it is put into panels. */
export function thinPlaceOf(run: RunKernel, host: WasmHost, b: Tensor, along: boolean): Place {
  const storage = b.storage as WasmStorage
  const place = placeOf(b, along)
  if (place.panels || !isWhole(b)) return place
  const { thinProducts: before } = storage
  const count = before?.along === along ? before.count + 1 : 1
  storage.thinProducts = { along, count }
  if (count > patience) intoPanels(run, host, b, along)
  return placeOf(b, along)
}

/** Does nothing when there is no room for a second copy on the way. */
function intoPanels(run: RunKernel, host: WasmHost, b: Tensor, along: boolean): void {
  const storage = b.storage as WasmStorage
  const { dtype, length } = storage
  const [columns, k] = along ? b.shape : [b.shape[1], b.shape[0]]
  const [panels, bytes] = [Math.ceil(columns / panelColumns), bytesPerElement[dtype]]
  const [column, step] = along ? [k * bytes, bytes] : [bytes, columns * bytes]
  const rows = { Panel: panelColumns * column, Column: column, Step: step }
  const turned = { Panel: panelColumns * k * bytes, Column: bytes, Step: panelColumns * bytes }
  const move = (elements: number, from: typeof rows, to: typeof rows) => {
    const target = host.allocate(dtype, elements) as WasmStorage
    run(turn[dtype as WeightType], panels, {
      ...{ from: storage.address, fromPanel: from.Panel, fromColumn: from.Column, fromStep: from.Step },
      ...{ to: target.address, toPanel: to.Panel, toColumn: to.Column, toStep: to.Step },
      ...{ columns, k },
    })
    const left = storage.address
    storage.address = target.address
    target.address = left
    host.free(target)
  }
  try {
    move(panels * panelColumns * k, rows, turned)
  } catch (error) {
    if (error instanceof HeedError && error.code === 'memory') return
    throw error
  }
  const undo = () => {
    move(length, turned, rows)
    storage.panels = undefined
  }
  storage.panels = { along, undo }
}
