import { expect } from 'vitest'
import type { ErrorCode } from '../errors.js'

/** Matches an error with this code whose message contains every one of `words`: toThrow(coded('shape', '[2, 3]')). */
export const coded = (code: ErrorCode, ...words: string[]): unknown =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(
      new RegExp(words.map((w) => `(?=.*${w.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')})`).join(''), 's'),
    ),
  })
