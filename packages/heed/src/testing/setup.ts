import { afterAll, beforeEach } from 'vitest'
import { leakCheck } from './leaks.js'

// Runs before the imports of every test file. Its hooks come first before a test and last after it, whatever hooks the
// file has: a test may leave what it found, and a file nothing.
afterAll(leakCheck())
beforeEach(({ onTestFinished }) => onTestFinished(leakCheck()))
