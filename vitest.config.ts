import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source', 'node', 'import', 'default'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/cli/e2e/*.test.ts'],
    setupFiles: ['packages/heed/src/testing/setup.ts'],
    pool: 'forks',
    // One worker less than cores, as by default, would be a single one on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Node 20 hides relaxed SIMD behind a flag; later versions reject it.
    execArgv: process.version.startsWith('v20.') ? ['--experimental-wasm-relaxed-simd'] : [],
    testTimeout: 60_000,
  },
})
