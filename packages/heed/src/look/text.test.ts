import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fixed, signed, weight2, weight3, weightInCell } from './numbers.js'
import { visible, visibleLine } from './visible.js'
import { clip, displayWidth, wrap } from './width.js'
import { escapeXml } from './xml.js'

describe('numbers', () => {
  it('writes a true minus, no minus zero, and powers from a thousand on', () => {
    expect([fixed(-1.5), fixed(-0.001), fixed(16.816, 1)]).toEqual(['−1.50', '0.00', '16.8'])
    expect([fixed(999.994), fixed(999.996), fixed(-2e7)]).toEqual(['999.99', '1.0·10³', '−2.0·10⁷'])
    expect([fixed(NaN), fixed(-Infinity)]).toEqual(['NaN', '−∞'])
  })

  it('shows the sign of signed numbers, and ± for none', () => {
    expect([signed(0.333), signed(-0.02), signed(0.0001), signed(-0.001)]).toEqual([
      '+0.33',
      '−0.02',
      '±0.00',
      '±0.00',
    ])
  })

  it('never writes a weight that is not zero as zero', () => {
    expect([weight3(0), weight3(0.0004), weight3(0.6234)]).toEqual(['0.000', '<.001', '0.623'])
    expect([weight2(0), weight2(0.004), weight2(0.005), weight2(1)]).toEqual(['0.00', '<.01', '0.01', '1.00'])
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1, noNaN: true }), (w) => {
        expect(Number(weight3(w))).not.toBe(0)
        expect(Number(weight2(w))).not.toBe(0)
      }),
    )
  })

  it('writes dense cells without the leading zero, and nothing below .10', () => {
    expect([0, 0.0999, 0.1, 0.62, 0.994, 0.996, 1].map(weightInCell)).toEqual([
      '',
      '',
      '.10',
      '.62',
      '.99',
      '1',
      '1',
    ])
  })
})

describe('visible', () => {
  it('shows white space, controls, hidden marks and broken characters', () => {
    expect(visible(' two words')).toBe('·two·words')
    expect(visible('a\nb\r\nc\td\u00A0e\u3000f')).toBe('a↵b↵c⇥d·e·f')
    expect(visible('\0\x1b[31m\x7f\x9b')).toBe('␀␛[31m␡⟨9B⟩')
    expect(visible('\u202Eevil\u200B\uD800')).toBe('⟨202E⟩evil⟨200B⟩�')
    expect(visibleLine('a title\nof two\x07 lines')).toBe('a title of two␇ lines')
  })

  it('keeps what spells words: joiners in emoji and in Persian', () => {
    expect(visible('👩‍👩‍👧')).toBe('👩‍👩‍👧')
    expect(visible('می‌خواهم')).toBe('می‌خواهم')
  })

  it('lets no control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cs}\s]/u)
      }),
    )
  })
})

describe('displayWidth', () => {
  it.each([
    ['elephant', 8],
    ['groß', 4],
    ['e\u0301', 1],
    ['大象', 4],
    ['한국', 4],
    ['ｆｕ', 4],
    ['ｱ', 1],
    ['😀', 2],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['☺', 1],
    ['שלום', 4],
    ['a\u200Eb', 2],
    ['', 0],
  ])('%s takes %i', (text, width) => expect(displayWidth(text)).toBe(width))

  it('clips with an ellipsis, never inside a character', () => {
    expect(clip('elephant', 8)).toBe('elephant')
    expect(clip('elephant', 5)).toBe('elep…')
    expect(clip('大象大象', 6)).toBe('大象…')
    expect([clip('ab', 1), clip('ab', 0)]).toEqual(['…', ''])
  })

  it('wraps at spaces, and inside words only when it must', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrap('Donaudampfschiff ahoi', 10)).toEqual(['Donaudampf', 'schiff', 'ahoi'])
    expect(wrap('', 10)).toEqual([])
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 30 }), (text, width) => {
        const lines = wrap(text, width)
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width)
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
      }),
    )
  })
})

describe('escapeXml', () => {
  it('escapes markup and replaces what XML forbids', () => {
    expect(escapeXml(`<a b="c">&'`)).toBe('&lt;a b=&quot;c&quot;&gt;&amp;&#39;')
    expect(escapeXml('\0\x1b\uFFFE\uD800😀')).toBe('\uFFFD\uFFFD\uFFFD\uFFFD😀')
  })
})
