import { expect, test } from 'vitest'
import { setBackend } from '../backends/current.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { tensor } from '../ops/create.js'
import { liveTensors, scope } from '../tensor/index.js'
import { copies, updateAverage } from './average.js'

test('the average forgets its first weights fast and the later ones by its decay', async () => {
  setBackend(new ReferenceBackend({ dtype: 'float64' }))
  using w = tensor([8, -8])
  const average = scope(() => copies({ w }))
  using one = tensor([1, 2])
  const live = liveTensors()
  // (1 + 1) / (10 + 1) is below the decay, (1 + 1000) / (10 + 1000) is above.
  updateAverage(average, { w: one }, 0.9, 1)
  const [a, b] = await average.w.data()
  expect(a).toBeCloseTo((2 / 11) * 8 + 9 / 11, 12)
  expect(b).toBeCloseTo((2 / 11) * -8 + 18 / 11, 12)
  updateAverage(average, { w: one }, 0.9, 1000)
  expect((await average.w.data())[0]).toBeCloseTo(0.9 * a + 0.1, 12)
  expect([liveTensors(), ...(await w.data())]).toEqual([live, 8, -8])
  average.w.dispose()
})
