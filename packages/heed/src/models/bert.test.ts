import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Backend } from '../backends/backend.js'
import { comparedBackends, withBackend } from '../testing/index.js'
import { expectGolden } from '../testing/family-goldens.js'

describe.each(comparedBackends)('$name gives what transformers gives', ({ start }) => {
  let backend: Backend
  beforeAll(() => void (backend = start()))
  afterAll(() => backend.dispose())

  it.each(['bert', 'bert-bare', 'bert-old', 'roberta', 'distilbert'])('%s', (name) =>
    withBackend(backend, () => expectGolden(name)),
  )
})
