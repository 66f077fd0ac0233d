import { clip, displayWidth, visibleLine } from 'heed/look'
import type { Theme } from 'heed/look'
import { paint } from './color.js'
import type { ColorDepth } from './color.js'

export interface ProgressState {
  done: number
  /** Unknown: the line counts, without bar or time left. */
  total?: number
  /** Per second, in `unit`; default: measured from `done`. */
  rate?: number
  /** What `done` counts: 'steps', 'sentences'; 'B' is written as kB, MB, GB. */
  unit?: string
  /** Anything else of interest: 'loss 2.31'. */
  text?: string
  /** Default: measured from `done`. */
  secondsLeft?: number
}

export interface Progress {
  update: (state: ProgressState) => void
  /** Writes a line that stays, above the line of progress. */
  note: (text: string) => void
  /** Ends the line; `text`, if given, stays as a line of its own. Further calls do nothing. */
  finish: (text?: string) => void
}

export interface ProgressOptions {
  label: string
  /** Default stderr, so that stdout holds nothing but results. */
  stream?: { readonly isTTY?: boolean; readonly columns?: number; write: (text: string) => unknown }
  color?: ColorDepth
  theme?: Theme
  /** Milliseconds; for tests. */
  now?: () => number
}

const FIRST_DRAW = 300 // ms; quicker work shows nothing
const REDRAW = 100
const PLAIN_LINE = 10_000 // at most one plain line in this time, and then only after 10 % or
const PLAIN_SILENCE = 60_000

const CLEAR_LINE = '\r\x1b[K'

const grouped = (x: number, decimals = 0) =>
  x.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })

/** A quantity with its unit; bytes in decimal steps, fitted to `scale` so that `done` and `total` share theirs. */
function quantity(x: number, unit: string | undefined, scale = x): [number: string, unit: string] {
  if (unit !== 'B') return [grouped(x, x < 10 && !Number.isInteger(x) ? 1 : 0), unit ?? '']
  const power = Math.min(3, Math.max(0, Math.floor(Math.log10(Math.max(1, scale)) / 3)))
  return [grouped(x / 1000 ** power, power > 0 ? 1 : 0), ['B', 'kB', 'MB', 'GB'][power]]
}

/** `about 3 s left`, `about 2 min left`, `about 1 h 20 min left`. */
export function timeLeft(seconds: number): string {
  if (seconds < 60) return `about ${Math.max(1, Math.round(seconds))} s left`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `about ${minutes} min left`
  const rest = minutes % 60
  return `about ${Math.floor(minutes / 60)} h${rest > 0 ? ` ${rest} min` : ''} left`
}

interface Parts {
  fraction?: number
  count: string
  rate: string
  text: string
  left: string
}

/** `elapsed` seconds since the work stood at `first`. */
function partsOf(state: ProgressState, first: number, elapsed: number): Parts {
  const { done, total, unit, text = '' } = state
  const measured = elapsed >= 1 && done > first ? (done - first) / elapsed : undefined
  const rate = state.rate ?? measured
  const [count, countUnit] = quantity(done, unit, total ?? done)
  const of = total === undefined ? '' : ` of ${quantity(total, unit)[0]}`
  const known = total !== undefined && total > 0
  return {
    fraction: known ? Math.min(1, Math.max(0, done / total)) : undefined,
    count: `${count}${of} ${countUnit}`.trim(),
    rate: rate === undefined || !unit ? '' : `${quantity(rate, unit).join(' ')}/s`,
    text: visibleLine(text),
    left:
      known && measured !== undefined && done < total
        ? timeLeft(state.secondsLeft ?? (total - done) / measured)
        : '',
  }
}

const percent = (fraction: number | undefined) =>
  fraction === undefined ? '' : `${Math.floor(fraction * 100)}%`.padStart(4)
const joined = (parts: readonly string[]) => parts.filter((part) => part !== '').join('  ')

/**
 * One line of progress for long work: label, bar, percent, count, rate, text, time left. On a terminal it redraws itself
 * and leaves nothing behind; elsewhere it writes a plain line now and then.
 */
export function createProgress(options: ProgressOptions): Progress {
  const { stream = process.stderr, color = 'none', theme = 'dark', now = Date.now } = options
  const label = visibleLine(options.label)
  const style = paint(color, theme)
  const started = now()
  let first: number | undefined
  let drawn = started
  let drawnFraction = 0
  let active = false
  let finished = false

  const clear = () => {
    if (active) stream.write(CLEAR_LINE)
    active = false
    process.removeListener('exit', clear)
  }

  /** The richest line that fits. */
  const line = ({ fraction, count, rate, text, left }: Parts, width: number): string => {
    const bar = (size: number) => (fraction === undefined ? '' : '━'.repeat(size))
    const share = percent(fraction)
    const tries = [
      [label, bar(24), share, count, rate, text, left],
      [label, bar(12), share, count, rate, text, left],
      [label, bar(12), share, text, left],
      [label, share || count, text, left],
      [label, share || count, text],
      [label, share || count],
    ]
    const chosen = tries.find((parts) => displayWidth(joined(parts)) <= width)
    if (!chosen) return clip(joined(tries[tries.length - 1]), width)
    return joined(
      chosen.map((part) => {
        if (part === '' || part !== bar(part.length)) return part
        const full = Math.round((fraction ?? 0) * part.length)
        return style.bar('━'.repeat(full)) + style.quiet('─'.repeat(part.length - full))
      }),
    )
  }

  return {
    update(state) {
      if (finished) return
      const time = now()
      first ??= state.done
      const parts = partsOf(state, first, (time - started) / 1000)
      if (!stream.isTTY) {
        const moved = (parts.fraction ?? 0) - drawnFraction
        const silence = time - drawn
        if (silence < PLAIN_LINE || (moved < 0.1 && silence < PLAIN_SILENCE)) return
        stream.write(
          joined([label, percent(parts.fraction).trim(), parts.count, parts.rate, parts.text, parts.left]) +
            '\n',
        )
        drawnFraction = parts.fraction ?? 0
        drawn = time
        return
      }
      if (time - started < FIRST_DRAW || (active && time - drawn < REDRAW)) return
      if (!active) {
        // No listener for signals: they would not be heard while a model computes (interrupt.ts). So the cursor, which
        // only a listener could give back, is not hidden.
        active = true
        process.on('exit', clear)
      }
      // One column stays free: a full line would wrap on some terminals.
      stream.write(CLEAR_LINE + line(parts, Math.max(1, (stream.columns || 80) - 1)))
      drawn = time
    },
    note(text) {
      if (finished) return
      stream.write((active ? CLEAR_LINE : '') + visibleLine(text) + '\n')
    },
    finish(text) {
      if (finished) return
      finished = true
      clear()
      if (text !== undefined) stream.write(visibleLine(text) + '\n')
    },
  }
}

/** Does work that counts what is done with a line of progress, which goes when the work ends, however it ends. */
export async function withProgress<T>(
  label: string,
  unit: string,
  work: (onProgress: (state: { done: number; total: number }) => void) => Promise<T>,
): Promise<T> {
  const progress = createProgress({ label })
  try {
    return await work(({ done, total }) => progress.update({ done, total, unit }))
  } finally {
    progress.finish()
  }
}
