import { bytesPerElement } from '../../../tensor/dtype.js'
import { HeedError } from '../../../errors.js'
import type { Tensor } from '../../../tensor/tensor.js'
import type { Fn } from '../emit/function.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import type { ModuleBuilder } from '../emit/module.js'
import { type I32, i32, select, type V128, v128i } from '../emit/values.js'
import type { WasmHost, WasmStorage } from '../storage.js'
import { tileColumns } from './micro.js'
import { packAcross, padSteps } from './pack.js'
import { address, advance } from './support.js'
import { forWeights, weightReader, type WeightType } from './weights.js'

/*
 * A weight that decoding reads again and again lies in panels, [columns / 32][k][32] of the product's B: then a product
 * of one row reads memory in order, which is as fast as memory goes; where B lies as its tensor has it, 16 rows of B
 * at a time are read at half of that. The matrix is turned when it has been the B of several such products and of nothing
 * else, and turned back when something wants its rows (`rowsOf`). Sums are the same bits either way.
 *
 * Four int8 columns that are four apart lie in one word, so that a shift and a mask are all that a float is made of.
 */

/** Columns of B side by side: eight vectors, as many sums as it takes that none waits for its last step. */
export const panelColumns = 32
/** Products of few rows before a matrix is worth turning: turning takes as long as two or three of them. */
const patience = 3

/** Where a column lies among those of its step, and which column lies at a place: the one is the other. */
export const placeInStep = (type: WeightType, column: I32): I32 =>
  type === 'int8' ? column.and(-16).or(column.and(3).shl(2)).or(column.shrU(2).and(3)) : column

/** A reader gives 16 weights from an address and `element` elements on as floats that are `scale` times too large. */
interface StepReader {
  scale: number
  read16(at: I32, element: number): V128[]
}

/** How a function reads panels. */
export function stepReader(f: Fn, type: WeightType): StepReader {
  if (type !== 'int8') {
    const { read4 } = weightReader(f, type)
    return { scale: 1, read16: (at, element) => [0, 4, 8, 12].map((column) => read4(at, element + column)) }
  }
  const [words, top] = [f.v128(), f.v128(v128i(0xff000000 | 0))]
  const second = f.byteToTop(1)
  const third = f.byteToTop(2)
  return {
    scale: 2 ** 24,
    read16(at, element) {
      words.set(at.v128(element))
      return [words.ishl(24), second(words), third(words), words.and(top)].map((byte) => byte.itoF32())
    },
  }
}

/** (panel, its first column wanted, a multiple of 8; target, k): 8 columns as the panel of floats that packing gives. */
export const copyPart = (m: ModuleBuilder, type: WeightType) => {
  const across = packAcross(m, tileColumns, type)
  return m.once(`copyPart ${type}`, () =>
    m.func(['i32', 'i32', 'i32', 'i32'], (f, panel, column, target, k) => {
      const bytes = bytesPerElement[type]
      const stepBytes = panelColumns * bytes
      if (type !== 'int8') {
        f.call(across, panel.add(column.mul(bytes)), target, i32(tileColumns), k, i32(stepBytes))
        return
      }
      panel.set(panel.add(column.and(16)))
      const [words, shift, end] = [f.v128(), f.i32(16), f.i32(panel.add(k.mul(stepBytes)))]
      f.if(column.and(8), () => shift.set(i32(0)))
      f.while(
        () => panel.ltU(end),
        () => {
          words.set(panel.v128().ishl(shift))
          f.store(target, words.ishl(8).ishr(24).itoF32())
          f.store(target, words.ishr(24).itoF32(), 16)
          advance([panel], stepBytes)
          advance([target], 4 * tileColumns)
        },
      )
      padSteps(f, target, k, tileColumns)
    }),
  )
}

/** Copies one element. */
export function copyElement(f: Fn, type: WeightType, from: I32, to: I32): void {
  if (type === 'float32') f.storeI32(to, from.i32())
  else if (type === 'float16') f.storeI16(to, from.u16())
  else f.storeI8(to, from.u8())
}

const turnArgs = {
  ...i32s('from', 'fromPanel', 'fromColumn', 'fromStep', 'to', 'toPanel', 'toColumn', 'toStep'),
  ...i32s('into', 'columns', 'k'),
}

/** Copies the columns of one panel per item, `into` panels or out of them, by strides in bytes. */
const turn = forWeights((type) =>
  kernel(`panels ${type}`, turnArgs, (f, p, panel) => {
    const columns = f.i32(p.columns.sub(panel.mul(panelColumns)).min(panelColumns))
    const [column, place, step, from, to] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
    f.for(column, 0, columns, 1, () => {
      place.set(placeInStep(type, column))
      from.set(p.from.add(panel.mul(p.fromPanel)).add(select(column, place, p.into).mul(p.fromColumn)))
      to.set(p.to.add(panel.mul(p.toPanel)).add(select(place, column, p.into).mul(p.toColumn)))
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
  const move = (elements: number, from: typeof rows, to: typeof rows) =>
    host.move(storage, elements, (address) =>
      run(turn[dtype as WeightType], panels, {
        from: storage.address,
        fromPanel: from.Panel,
        fromColumn: from.Column,
        fromStep: from.Step,
        to: address,
        toPanel: to.Panel,
        toColumn: to.Column,
        toStep: to.Step,
        into: from === rows ? 1 : 0,
        columns,
        k,
      }),
    )
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
