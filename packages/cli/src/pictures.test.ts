import { describe, expect, it } from 'vitest'
import { fonts } from 'heed/look'
import { pageFonts, toPng } from './pictures.js'

/** A line of text as a picture. */
const line = (text: string, attributes: string, family: string = fonts.sans) =>
  toPng(
    `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="24"><text y="16" font-size="16" font-family="${family.replaceAll('"', '&quot;')}" ${attributes}>${text}</text></svg>`,
  )

describe('toPng', () => {
  it('draws at twice the size, the same bytes for the same picture', async () => {
    const png = Buffer.from(await line('elephant', ''))
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([400, 48])
    expect(png.equals(await line('elephant', ''))).toBe(true)
  })

  it('has both families, their weights, and the signs that pictures use', async () => {
    const nothing = await line('', '')
    const drawings = [
      await line('elephant', ''),
      await line('elephant', 'font-weight="600"'),
      await line('elephant', '', fonts.mono),
      await line('elephant', 'font-weight="500"', fonts.mono),
      await line('elephant', 'font-weight="700"', fonts.mono),
      nothing,
    ].map((png) => Buffer.from(png).toString('base64'))
    expect(new Set(drawings).size).toBe(drawings.length)
    // Every character that no font has is drawn as the same box.
    const box = Buffer.from(await line('\u{10FFFD}', ''))
    for (const sign of '→≤⁻⁰¹²³⁴⁵⁶⁷⁸⁹·−±∞↵⇥…√ßÄžαЖ')
      expect(box.equals(await line(sign, '')), sign).toBe(false)
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
