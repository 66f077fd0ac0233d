import { fonts } from 'heed/look'
import { describe, expect, it } from 'vitest'
import { pageFonts, toPng } from './pictures.js'
import { mapped } from './system-fonts.js'

/** A line of text as a picture. */
const svg = (text: string, attributes = '', family: string = fonts.sans) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="24"><text y="16" font-size="16" font-family="${family.replaceAll('"', '&quot;')}" ${attributes}>${text}</text></svg>`

describe('toPng', () => {
  it('draws at twice the size, the same bytes for the same picture', async () => {
    const png = Buffer.from((await toPng(svg('elephant'))).png)
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([400, 48])
    expect(png.equals((await toPng(svg('elephant'))).png)).toBe(true)
  })

  it('has both families and their weights', async () => {
    const drawings = [
      svg(''),
      svg('elephant'),
      svg('elephant', 'font-weight="600"'),
      svg('elephant', '', fonts.mono),
      svg('elephant', 'font-weight="500"', fonts.mono),
      svg('elephant', 'font-weight="700"', fonts.mono),
    ]
    const made = new Set<string>()
    for (const drawing of drawings) made.add(Buffer.from((await toPng(drawing)).png).toString('base64'))
    expect(made.size).toBe(drawings.length)
  })

  it('has the signs and scripts that pictures use, and names what no font has', async () => {
    const nobody = '\u{10FFFC}'
    const { png, without } = await toPng(svg(`a→b${nobody}`))
    expect(without).toEqual([nobody])
    expect(Buffer.from(png).equals((await toPng(svg('a→b'))).png)).toBe(false)
    // One sign alone is drawn as something else than a character that nobody has.
    const box = Buffer.from((await toPng(svg(nobody))).png)
    for (const sign of '→≤⁻⁶∞↵⇥√ŁαЖ') expect(box.equals((await toPng(svg(sign))).png), sign).toBe(false)
  })
})

describe('mapped', () => {
  it('reads the ranges of formats 4 and 12', () => {
    const cmap = Buffer.alloc(4 + 16 + 32 + 40)
    const table = (i: number, at: number) => cmap.writeUInt32BE(at, 4 + 8 * i + 4)
    cmap.writeUInt16BE(2, 2)
    table(0, 20)
    table(1, 52)
    // Format 4: two segments, 0x41–0x5A and the closing 0xFFFF.
    const four = [4, 32, 0, 4, 0, 0, 0, 0x5a, 0xffff, 0, 0x41, 0xffff]
    four.forEach((n, i) => cmap.writeUInt16BE(n, 20 + 2 * i))
    // Format 12: one group of two emoji.
    cmap.writeUInt16BE(12, 52)
    ;[1, 0x1f418, 0x1f419, 7].forEach((n, i) => cmap.writeUInt32BE(n, 52 + 12 + 4 * i))
    expect(mapped(cmap, [0x40, 0x41, 0x5a, 0x5b, 0xffff, 0x1f417, 0x1f418, 0x1f419, 0x1f41a])).toEqual([
      0x41, 0x5a, 0x1f418, 0x1f419,
    ])
  })
})

it('pages bring both families along', async () => {
  const brought = await pageFonts()
  expect(brought.map(({ family, weight }) => `${family} ${weight}`)).toEqual([
    'Inter Variable 100 900',
    ...[400, 500, 700].map((weight) => `JetBrains Mono Variable ${weight}`),
  ])
  for (const { family, woff2 } of brought) {
    expect(Buffer.from(woff2.subarray(0, 4)).toString()).toBe('wOF2')
    expect(`${fonts.sans}${fonts.mono}`).toContain(family)
  }
})
