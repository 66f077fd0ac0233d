import { expect, it } from 'vitest'
import { gridShape, paintedCell } from './grid'

it('cells of a map shrink with its size, and labels turn', () => {
  const labels = (n: number) => Array.from({ length: n }, () => 'word')
  const shape = (n: number, room: number) => gridShape(n, labels(n), labels(n), room)
  expect(shape(7, 700)).toMatchObject({ width: 76, isTurned: false, isDense: false, step: 1 })
  expect(shape(24, 880)).toMatchObject({ isTurned: true, isDense: true, isWritten: true })
  expect(shape(200, 880)).toMatchObject({ width: 16, isWritten: false })
  expect(shape(7, 326).isTurned).toBe(true)
})

it('painted cells are as large as they have room, in whole px', () => {
  expect([880 / 24, 552 / 33, 552 / 290].map(paintedCell)).toEqual([28, 16, 14])
})
