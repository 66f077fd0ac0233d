import { defineConfig } from 'vitest/config'

/** Tests of the built studio in a real browser: `npm run test:e2e`. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: ['./server.ts'],
    // Pages wait more than they compute: two browsers at a time take two thirds of the time of one after another.
    maxWorkers: 2,
    // On a busy machine an answer takes a while.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
