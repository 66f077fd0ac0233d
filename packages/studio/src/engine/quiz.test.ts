import { questions, type Verdict } from 'heed-learn'
import { afterEach, expect, it } from 'vitest'
import { closeModels } from './models'
import { quiz } from './quiz'
import type { Context } from './rpc'

const context: Context = { signal: new AbortController().signal, onProgress: () => undefined }
afterEach(closeModels)

it('proves all fifteen in one engine, and holds no typed array that would move away', async () => {
  for (const { id } of questions) {
    const first = await quiz({ models: [], id }, context)
    expect(first).toMatchObject({ id, isRight: true })
    expect(structuredClone(first)).toEqual(first)
    expect(arraysIn(first)).toEqual([])
    expect(await quiz({ models: [], id }, context)).toMatchObject({ key: first.key })
  }
})

it('judges answers', async () => {
  const verdict: Verdict = await quiz({ models: [], id: 'bank', answer: 'senses' }, context)
  expect(verdict).toMatchObject({ isRight: false, why: 'senses', key: 'same' })
})

/** Typed arrays inside a value: the channel moves them, so that a kept proof would lose them. */
function arraysIn(value: unknown): unknown[] {
  if (ArrayBuffer.isView(value)) return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(arraysIn) : []
}
