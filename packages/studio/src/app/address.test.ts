import { expect, it } from 'vitest'
import { formatAddress, parseAddress, wholeNumber, within } from './address'

it('an address is read as it was written', () => {
  const params = { text: 'größer? 100% & mehr = #1 + 2', site: 'encoder.2.self', head: '3' }
  expect(parseAddress(formatAddress('step', params))).toEqual({ page: 'step', params })
})

it('what is by default is left out', () => {
  expect(formatAddress('step', { text: undefined, head: '0' })).toBe('#/step?head=0')
  expect(formatAddress('step', {})).toBe('#/step')
})

it('addresses without a page, or with nothing at all', () => {
  expect(parseAddress('')).toEqual({ page: '', params: {} })
  expect(parseAddress('#step')).toEqual({ page: 'step', params: {} })
  expect(parseAddress('#/?text=a')).toEqual({ page: '', params: { text: 'a' } })
})

it('numbers: whole ones of so many digits, and places that there are', () => {
  expect(wholeNumber('007', 3)).toBe(7)
  for (const text of [undefined, '', '1234', '-1', '1.5', '1\n', '1e2', '٣'])
    expect(wholeNumber(text, 3)).toBeUndefined()
  expect([within(0, 1), within(1, 1), within(undefined, 1)]).toEqual([0, undefined, undefined])
})
