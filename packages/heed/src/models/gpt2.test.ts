import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Backend } from '../backends/backend.js'
import { comparedBackends, withBackend } from '../testing/index.js'
import { expectGolden } from '../testing/family-goldens.js'

describe.each(comparedBackends)('$name gives what transformers gives', ({ start }) => {
  let backend: Backend
  beforeAll(() => void (backend = start()))
  afterAll(() => backend.dispose())

  it.each(['gpt2', 'gpt2-scaled', 'gpt2-unscaled', 'gpt2-old'])('%s', (name) =>
    withBackend(backend, () => expectGolden(name)),
  )
})
