import { describe, expect, it } from 'vitest'
import { checkPairs, interventionsOf, parseChange } from './changes.js'

const parsed = (text: string) => {
  const { kind, site, heads, pairs } = parseChange(text)
  return [kind, site, heads, pairs]
}

describe('parseChange', () => {
  it('takes a kind, a site, heads and a value', () => {
    expect(parsed('zero:encoder.2.self')).toEqual(['zero', 'encoder.2.self', undefined, undefined])
    expect(parsed('zero:decoder.*.cross:3')).toEqual(['zero', 'decoder.*.cross', [3], undefined])
    expect(parsed('uniform:*:0,2')).toEqual(['uniform', '*', [0, 2], undefined])
    expect(parsed('scale:layers.1.self:0.5')).toEqual(['scale', 'layers.1.self', undefined, undefined])
    // One number is the value, of two the first is the head.
    expect(parsed('scale:layers.1.self:2')).toEqual(['scale', 'layers.1.self', undefined, undefined])
    expect(parsed('scale:layers.1.self:2:-3e-1')).toEqual(['scale', 'layers.1.self', [2], undefined])
    expect(parsed('softmax:s:1:sparsemax')).toEqual(['softmax', 's', [1], undefined])
    expect(parsed('mean:s:1:C:/texts.txt')).toEqual(['mean', 's', [1], undefined])
    expect(parsed('mean:s:C:/texts.txt')).toEqual(['mean', 's', undefined, undefined])
    expect(parsed('forbid:s:4>1')).toEqual(['forbid', 's', undefined, [[4, 1]]])
    expect(parsed('forbid:s:0,3:4>1,12>0')).toEqual([
      'forbid',
      's',
      [0, 3],
      [
        [4, 1],
        [12, 0],
      ],
    ])
  })

  it.each([
    ['zap:s', /begin with one of zero, mean/],
    ['', /begin with one of/],
    ['toString:s', /begin with one of/],
    ['zero', /names no site/],
    ['zero::3', /names no site/],
    ['zero:s:x', /"x" names no heads/],
    ['zero:s:-1', /"-1" names no heads/],
    ['zero:s:1:2', /too many parts/],
    ['scale:s', /last part is missing/],
    ['scale:s:1:', /last part is missing/],
    ['scale:s:warm', /"warm" is no number/],
    ['scale:s: ', /is no number/],
    ['scale:s:1:2:3', /too many parts/],
    ['softmax:s:softmin', /no "softmin", only softmax, sparsemax/],
    ['softmax:s:toString', /no "toString"/],
    ['mean:s:3', undefined],
    ['mean:s', /last part is missing/],
    ['forbid:s:4-1', /"4-1" is no pair of tokens; write forbid:SITE/],
    ['forbid:s:4>1,', /is no pair/],
  ])('%j', (text, says) => {
    if (says) expect(() => parseChange(text)).toThrow(says)
    else expect(() => parseChange(text)).not.toThrow()
  })
})

describe('checkPairs', () => {
  const model = { sites: ['encoder.0.self', 'decoder.0.self', 'decoder.0.cross'] } as never
  const tokens = { source: { length: 5 }, target: { length: 3 } }
  const check = (
    text: string,
    of: typeof tokens | { source: { length: number } } = tokens,
    sites?: string[],
  ) => checkPairs([parseChange(text)], sites ? ({ sites } as never) : model, of)

  it('counts the source, the target, or one from the other', () => {
    check('forbid:encoder.0.self:4>4')
    check('forbid:decoder.0.self:2>2')
    check('forbid:decoder.0.cross:2>4')
    check('zero:*')
    expect(() => check('forbid:encoder.0.self:5>0')).toThrow(/no token 5 at encoder.0.self; there are 0 to 4/)
    expect(() => check('forbid:decoder.0.self:2>3')).toThrow(/no token 3 at decoder.0.self; there are 0 to 2/)
    expect(() => check('forbid:decoder.0.cross:3>4')).toThrow(
      /no token 3 at decoder.0.cross; there are 0 to 2/,
    )
    expect(() => check('forbid:decoder.0.cross:2>5')).toThrow(/no token 5/)
    expect(() => check('forbid:layers.0.self:0>2', { source: { length: 2 } }, ['layers.0.self'])).toThrow(
      /0 to 1/,
    )
  })
})

describe('interventionsOf', () => {
  const model = { sites: ['layers.0.self'], heads: 2 } as never
  const made = (...texts: string[]) =>
    interventionsOf(texts.map(parseChange), model, new AbortController().signal)

  it('makes one of each, in order, and none of none', async () => {
    expect(await made('zero:layers.0.self', 'scale:*:1:2', 'softmax:*:relu', 'forbid:*:1>0')).toHaveLength(4)
    expect(await interventionsOf(undefined, model, new AbortController().signal)).toBeUndefined()
  })

  it('refuses sites, heads and files that are not there', async () => {
    await expect(made('zero:layers.1.self')).rejects.toThrow(/no site 'layers.1.self'/)
    await expect(made('zero:*:0,2')).rejects.toThrow(/no head 2; heads are 0 to 1/)
    await expect(made('mean:*:0:no/such/file.txt')).rejects.toThrow(/no\/such\/file\.txt/)
  })
})
