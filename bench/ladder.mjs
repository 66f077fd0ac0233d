/**
 * The way from plain loops to heed's kernels, step by step (docs/performance.md): the same product and the same attention
 * by what was there before each idea. rung.mjs makes the contenders.
 */
import * as attention from './attention.mjs'
import * as gemm from './gemm.mjs'

const rungs = ['plain loops', '4x8, no fused multiply-add', '4x8', '6x8', '8x8, loads held back', 'heed']

export const cases = () => [
  {
    group: 'ladder',
    id: 'ladder: a product 512x512x512',
    table: 'The ladder of a product',
    m: 512,
    n: 512,
    k: 512,
    flop: 2 * 512 ** 3,
    contenders: rungs,
    targets: [],
  },
  {
    group: 'ladder',
    id: 'ladder: attention 4x64, N = 1024',
    table: 'The ladder of attention',
    N: 1024,
    H: 4,
    D: 64,
    causal: false,
    backward: false,
    flop: 4 * 1024 * 1024 * 64 * 4,
    contenders: ['plain loops', 'map written out', 'heed'],
    targets: [],
  },
]

export const prepare = (work, backend) => (work.m ? gemm : attention).prepare(work, backend)
