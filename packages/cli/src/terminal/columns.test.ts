import { expect, it } from 'vitest'
import { outputColumns } from './columns.js'

it.each([
  [{ columns: 100 }, { COLUMNS: '40' }, 100],
  [{ columns: 0 }, { COLUMNS: '40' }, 40],
  [{}, { COLUMNS: '40' }, 40],
  [{}, {}, 80],
  [{}, { COLUMNS: '' }, 80],
  [{}, { COLUMNS: '-3' }, 80],
  [{}, { COLUMNS: 'wide' }, 80],
])('%j with %j: %i', (stream, env, columns) => expect(outputColumns(80, stream, env)).toBe(columns))
