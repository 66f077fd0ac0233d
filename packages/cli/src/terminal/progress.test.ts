import { displayWidth } from 'heed/look'
import { describe, expect, it } from 'vitest'
import { createProgress, timeLeft } from './progress.js'

function screen(isTTY: boolean, columns = 80) {
  const written: string[] = []
  let time = 0
  return {
    written,
    stream: { isTTY, columns, write: (text: string) => written.push(text) },
    now: () => time,
    wait: (ms: number) => (time += ms),
  }
}

/** What the last write leaves on the line. */
const shown = (written: string[]) => written.at(-1)!.replace('\r\x1b[K', '')

const count = () => ['exit', 'SIGINT', 'SIGTERM'].map((name) => process.listenerCount(name))

describe('on a terminal', () => {
  it('shows nothing for quick work', () => {
    const { written, stream, now, wait } = screen(true)
    const progress = createProgress({ label: 'reading', stream, now })
    progress.update({ done: 0, total: 10 })
    wait(200)
    progress.update({ done: 10, total: 10 })
    progress.finish()
    expect(written).toEqual([])
  })

  it('redraws one line with bar, share, count, rate, text and time left, then clears it', () => {
    const { written, stream, now, wait } = screen(true, 120)
    const progress = createProgress({ label: 'training', stream, now })
    progress.update({ done: 100, total: 1100, unit: 'steps' })
    wait(10_000)
    progress.update({ done: 600, total: 1100, unit: 'steps', text: 'loss 2.31' })
    expect(shown(written)).toBe(
      `training  ${'━'.repeat(13)}${'─'.repeat(11)}   54%  600 of 1,100 steps  50 steps/s  loss 2.31  about 10 s left`,
    )
    const before = written.length
    wait(50)
    progress.update({ done: 601, total: 1100 })
    expect(written).toHaveLength(before)
    progress.finish('trained 1,100 steps')
    expect(written.slice(before)).toEqual(['\r\x1b[K', 'trained 1,100 steps\n'])
    progress.update({ done: 9, total: 9 })
    progress.finish('again')
    expect(written).toHaveLength(before + 2)
  })

  it('counts bytes in one unit, and without a total just counts', () => {
    const { written, stream, now, wait } = screen(true)
    const progress = createProgress({ label: 'fetching', stream, now })
    wait(1000)
    progress.update({ done: 9_400_000, total: 15_200_000, unit: 'B', rate: 2_000_000 })
    expect(shown(written)).toContain('9.4 of 15.2 MB  2.0 MB/s')
    wait(1000)
    progress.update({ done: 1234, unit: 'sentences' })
    expect(shown(written)).toBe('fetching  1,234 sentences')
    progress.finish()
  })

  it('drops parts, then cuts, to stay within narrow terminals', () => {
    for (let columns = 5; columns <= 120; columns++) {
      const { written, stream, now, wait } = screen(true, columns)
      const progress = createProgress({ label: 'translating', stream, now })
      progress.update({ done: 0, total: 100, unit: 'lines' })
      wait(5000)
      progress.update({ done: 42, total: 100, unit: 'lines', text: '大象' })
      expect(displayWidth(shown(written))).toBeLessThan(columns)
      if (columns > 18) expect(shown(written)).toContain('42%')
      progress.finish()
    }
  })

  it('clears the line when the process exits, leaves no listeners behind, and keeps no signal from ending it', () => {
    const [exit, ...signals] = count()
    const { written, stream, now, wait } = screen(true)
    const progress = createProgress({ label: 'x', stream, now })
    wait(1000)
    progress.update({ done: 1, total: 2 })
    expect(count()).toEqual([exit + 1, ...signals])
    const clear = process.listeners('exit').at(-1) as () => void
    clear()
    expect(written.at(-1)).toBe('\r\x1b[K')
    expect(count()).toEqual([exit, ...signals])
    progress.finish()
  })
})

describe('elsewhere', () => {
  it('writes a plain line at most every 10 s, for every 10 % or minute', () => {
    const { written, stream, now, wait } = screen(false)
    const progress = createProgress({ label: 'training', stream, now })
    for (let done = 0; done <= 1000; done++) {
      progress.update({ done, total: 1000, unit: 'steps', text: 'loss 2.31' })
      wait(60)
    }
    expect(written).toHaveLength(5)
    expect(written[0]).toBe('training  16%  167 of 1,000 steps  17 steps/s  loss 2.31  about 50 s left\n')
    progress.finish('done')
    expect(written.at(-1)).toBe('done\n')

    const slow = screen(false)
    const long = createProgress({ label: 'training', stream: slow.stream, now: slow.now })
    for (let minute = 0; minute < 10; minute++, slow.wait(30_000))
      long.update({ done: minute, total: 10_000 })
    expect(slow.written).toHaveLength(4)
    expect(slow.written.join('')).not.toContain('\x1b')
  })
})

it('says how long is left', () => {
  expect([0.2, 3.4, 119, 3600, 4790, 7180].map(timeLeft)).toEqual([
    'about 1 s left',
    'about 3 s left',
    'about 2 min left',
    'about 1 h left',
    'about 1 h 20 min left',
    'about 2 h left',
  ])
})
