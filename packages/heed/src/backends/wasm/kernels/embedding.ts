import type { Kernels } from '../../backend.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import { v128 } from '../emit/values.js'
import { copyElement, panelColumns, placeInStep, placeOf } from './panels.js'
import { columnArgs, columnsOf, columnWork, forEach4, forEachRow, rowArgs, rowWork } from './support.js'
import { forWeights, weightReader, type WeightType } from './weights.js'

/** `scales` is 0 where the table has none, `panels` 1 where it lies in panels, which hold `panelColumns` rows side by side. */
const forwardArgs = {
  ...i32s('ids', 'table', 'panels', 'scales', 'out', 'vocabulary'),
  factor: 'f32',
  ...rowArgs,
} as const
const forward = forWeights((type) =>
  kernel(`embedding ${type}`, forwardArgs, (f, p, item, scratch) => {
    const [id, from, out, i, to] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
    const [factor, zero] = [f.v128(p.factor.splat()), f.v128(v128(0))]
    const reader = weightReader(f, type)
    /** A row of panels, copied together. */
    const gather = () => {
      const inPanel = id.and(panelColumns - 1)
      const place = placeInStep(type, inPanel)
      from.set(id.sub(inPanel).mul(p.width).add(place).mul(reader.bytes).add(p.table))
      to.set(scratch)
      f.for(i, 0, p.width, 1, () => {
        copyElement(f, type, from, to)
        from.set(from.add(panelColumns * reader.bytes))
        to.set(to.add(reader.bytes))
      })
      from.set(scratch)
    }
    forEachRow(f, item, p, (row, offset) => {
      id.set(p.ids.add(row.shl(2)).i32())
      out.set(p.out.add(offset))
      f.if(
        id.ltU(p.vocabulary),
        () => {
          f.if(p.panels, gather, () => from.set(p.table.add(id.mul(p.width).mul(reader.bytes))))
          if (type === 'int8') factor.set(p.factor.mul(p.scales.add(id.shl(2)).f32()).splat())
          forEach4(f, p.width, [from], [out], (v) => [v.mul(factor)], reader)
        },
        () => forEach4(f, p.width, [], [out], () => [zero]),
      )
    })
  }),
)

/** A block of columns of all rows, so that rows of the same id are added in order by one thread. */
const backwardArgs = { ...i32s('ids', 'dy', 'dTable', 'vocabulary'), factor: 'f32', ...columnArgs } as const
const backward = kernel('embeddingGrad', backwardArgs, (f, p, item) => {
  const { start, count } = columnsOf(f, item, p)
  const [row, id, from, to] = [f.i32(), f.i32(), f.i32(), f.i32()]
  const factor = f.v128(p.factor.splat())
  f.for(row, 0, p.rows, 1, () => {
    id.set(p.ids.add(row.shl(2)).i32())
    f.if(id.ltU(p.vocabulary), () => {
      from.set(p.dy.add(row.mul(p.columns).add(start).shl(2)))
      to.set(p.dTable.add(id.mul(p.columns).add(start).shl(2)))
      forEach4(f, count, [from, to], [to], (d, sum) => [f.madd(d, factor, sum)])
    })
  })
})

export const embeddingKernels = [...Object.values(forward), backward]

type Embedding = Pick<Kernels, 'embedding' | 'embeddingGrad'>

export const embedding = (run: RunKernel, { fill }: Pick<Kernels, 'fill'>): Embedding => ({
  embedding(ids, table, factor, out) {
    const [vocabulary, width] = table.shape
    const { items, args } = rowWork(ids.size, width)
    const { at, panels } = placeOf(table, true)
    run(forward[table.dtype as WeightType], items, {
      ids,
      out,
      table: at,
      panels: panels ? 1 : 0,
      scales: table.scales ?? 0,
      vocabulary,
      factor,
      ...args,
    })
  },
  embeddingGrad(ids, dy, factor, dTable) {
    const [vocabulary, columns] = dTable.shape
    const { items, args } = columnWork(ids.size, columns)
    fill(dTable, 0)
    run(backward, items, { ids, dy, dTable, vocabulary, factor, ...args })
  },
})
