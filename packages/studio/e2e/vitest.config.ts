import { defineConfig } from 'vitest/config'

/** Tests of the built studio in a real browser: `npm run test:e2e`. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: ['./server.ts'],
    // One browser at a time: on two cores they would only wait for one another.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
