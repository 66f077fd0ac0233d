import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { div, onSeq, palettes, seq, tokensCss } from './tokens.js'
import type { Theme } from './tokens.js'

const themes: Theme[] = ['light', 'dark']

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (high + 0.05) / (low + 0.05)
}

describe.each(themes)('the %s theme', (theme) => {
  const p = palettes[theme]
  const surfaces = [p.page, p.card, p.sunk, p.hover]

  const away = (t: number) => Math.abs(luminance(seq(t, theme)) - luminance(p.card))

  it('keeps text at 4.5:1 and strokes at 3:1 on every surface', () => {
    for (const surface of surfaces) {
      for (const ink of [p.ink, p.ink2, p.ink3]) expect(contrast(ink, surface)).toBeGreaterThan(4.5)
      for (const role of Object.values(p.roles)) {
        expect(contrast(role.text, surface)).toBeGreaterThan(4.5)
        expect(contrast(role.text, role.soft)).toBeGreaterThan(4.5)
      }
    }
    for (const role of Object.values(p.roles)) expect(contrast(role.stroke, p.card)).toBeGreaterThan(3)
    for (const head of p.heads) expect(contrast(head, p.card)).toBeGreaterThan(2.9)
  })

  it('keeps the number readable on every cell', () => {
    for (let i = 0; i <= 1000; i++)
      expect(contrast(onSeq(i / 1000, theme), seq(i / 1000, theme))).toBeGreaterThan(4.5)
  })

  it('starts the ramps at the card and ends them at their last stops', () => {
    expect(seq(0, theme)).toBe(p.card)
    expect(seq(1, theme)).toBe(p.seq[8])
    expect(seq(0.5, theme)).toBe(p.seq[4])
    expect([div(-1, theme), div(0, theme), div(1, theme)]).toEqual([p.div[0], p.card, p.div[10]])
    expect([seq(-3, theme), seq(7, theme)]).toEqual([p.seq[0], p.seq[8]])
  })

  it('never turns back: more weight is always farther from the card', () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 0.98, noNaN: true }), (t) => away(t + 0.02) > away(t)))
  })
})

describe('tokensCss', () => {
  const css = tokensCss()

  it('defines every variable it uses, in balanced blocks', () => {
    const defined = new Set(Array.from(css.matchAll(/--([\w-]+):/g), (match) => match[1]))
    for (const [, name] of css.matchAll(/var\(--([\w-]+)\)/g)) expect(defined).toContain(name)
    expect(css.split('{').length).toBe(css.split('}').length)
    expect(css).not.toMatch(/undefined|NaN/)
  })

  it('gives both themes the same names, the dark one twice', () => {
    const blocks = css.split(/\n\n/).map((block) => Array.from(block.matchAll(/--([\w-]+):/g), (m) => m[1]))
    const [, light, dark, system] = blocks
    expect(light).toHaveLength(70)
    expect(dark).toEqual(light)
    expect(system).toEqual(light)
    expect(css).toContain('--q-text: #a75001;')
    expect(css).toContain('--q-text: #f49752;')
    expect(css).toContain('--div-10: #86262b;')
    expect(css).toContain('--ink-2: #4a4850;')
  })
})
