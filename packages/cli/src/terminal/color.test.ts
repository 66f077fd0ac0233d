import { palettes, seq } from 'heed/look'
import { describe, expect, it } from 'vitest'
import { paint, supportsColor, terminalTheme } from './color.js'
import { nearest256 } from './xterm.js'

const tty = { isTTY: true }
const pipe = {}

describe('supportsColor', () => {
  it.each([
    [tty, { TERM: 'xterm-256color' }, '256'],
    [tty, { TERM: 'xterm-256color', COLORTERM: 'truecolor' }, 'truecolor'],
    [tty, { TERM: 'xterm-kitty' }, 'truecolor'],
    [tty, { TERM: 'dumb', COLORTERM: 'truecolor' }, 'none'],
    [tty, {}, 'none'],
    [tty, { WT_SESSION: '1' }, 'truecolor'],
    [pipe, { TERM: 'xterm-256color', COLORTERM: 'truecolor' }, 'none'],
    [tty, { TERM: 'xterm-256color', NO_COLOR: '1' }, 'none'],
    [tty, { TERM: 'xterm-256color', NO_COLOR: '' }, '256'],
    [pipe, { FORCE_COLOR: '1' }, '256'],
    [pipe, { FORCE_COLOR: '3' }, 'truecolor'],
    [pipe, { FORCE_COLOR: '', TERM: 'dumb' }, '256'],
    [pipe, { FORCE_COLOR: 'true', COLORTERM: '24bit' }, 'truecolor'],
    [tty, { FORCE_COLOR: '0', TERM: 'xterm-256color' }, 'none'],
    [tty, { FORCE_COLOR: '3', NO_COLOR: '1' }, 'none'],
  ] as const)('%j with %j: %s', (stream, env, depth) => expect(supportsColor(stream, env)).toBe(depth))
})

it('takes the ground from COLORFGBG, and dark where nothing is known', () => {
  expect(
    ['0;15', '0;7', '15;0', '7;default;8', undefined].map((COLORFGBG) => terminalTheme({ COLORFGBG })),
  ).toEqual(['light', 'light', 'dark', 'dark', 'dark'])
})

describe('paint', () => {
  it('writes exact colours, the nearest of 256, or none', () => {
    const [r, g, b] = [1, 3, 5].map((i) => Number.parseInt(seq(0.62, 'dark').slice(i, i + 2), 16))
    expect(paint('truecolor', 'dark').cell(0.62, '.62')).toContain(`48;2;${r};${g};${b}`)
    expect(paint('256', 'light').cell(0, ' ')).toContain('48;5;231')
    expect(paint('none', 'dark').cell(1, '1')).toBe('1')
    expect(paint('none', 'dark').query('Der')).toBe('Der')
  })

  it('keeps the nine stops of each ramp apart in 256 colours', () => {
    for (const { seq } of Object.values(palettes)) expect(new Set(seq.map(nearest256)).size).toBe(9)
  })
})
