import { expect, it } from 'vitest'
import { readState, countChanges } from '../pages/step/state'
import { tour, type TourLive } from '../words/en/tour'
import { chunkOf, paramsAt, script, touched } from './script'

const live: TourLive = {
  asks: 'elephant',
  answers: 'large',
  share: '62%',
  width: 256,
  d: 64,
  tokens: 8,
  heads: 36,
  isCausal: false,
}

const given = (params: Record<string, string | undefined>) =>
  Object.fromEntries(
    Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )

it('every stop has its place in the address, and says something short', () => {
  const said = script.map(({ name }, n) => {
    expect(chunkOf(given(paramsAt(n)))).toBe(n)
    const { title, text } = tour.chunks[name](live)
    expect(title.length).toBeLessThan(50)
    expect(text.split(' ').length).toBeLessThanOrEqual(45)
    return title
  })
  expect(new Set(said).size).toBe(script.length)
  for (const tour of ['0', '-1', '1.5', 'x', '', '99', String(script.length + 1)])
    expect(chunkOf({ tour })).toBeUndefined()
  expect(chunkOf({})).toBeUndefined()
})

it('a stop changes one thing at most, which the page reads, and leaves nothing of it behind', () => {
  for (const isCausal of [false, true])
    script.forEach(({ set, setCausal = set }, n) => {
      const changed = (isCausal ? setCausal : set) ?? {}
      const params = given(paramsAt(n, isCausal))
      expect(countChanges(readState(params).changes)).toBe(Object.keys(changed).length)
      expect(Object.keys(changed).length).toBeLessThanOrEqual(1)
      for (const name of Object.keys(changed)) expect(touched).toContain(name)
    })
  expect(given(paramsAt(undefined))).toEqual({})
  expect(Object.keys(paramsAt(undefined)).sort()).toEqual([...touched, 'tour'].sort())
})

it('steps are those of the page, in order, between the sentence and the sentence', () => {
  const steps = script.map(({ step }) => step)
  expect([steps[0], steps.at(-1)]).toEqual([0, 0])
  expect(steps.slice(0, -1)).toEqual(steps.slice(0, -1).sort((a, b) => a - b))
  expect(new Set(steps)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]))
})
