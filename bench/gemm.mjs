import { numbers, sample } from './numbers.mjs'

/** C [m, n] = A · B over k; a transposed operand is stored as [k, m] or [n, k]. */
const product = (m, n, k, rest = {}) => ({
  group: 'gemm',
  id: `gemm ${m}x${n}x${k}${rest.of ? ` ${rest.of}` : ''}`,
  m,
  n,
  k,
  flop: 2 * m * n * k,
  ...rest,
})

/** The three products of y = x Wᵀ for `rows` tokens, as ops/linear.ts asks for them. */
const linear = (rows, input, output) =>
  [
    product(rows, output, input, { of: 'y = x Wᵀ', transposeB: true }),
    product(rows, input, output, { of: 'dx = dy W' }),
    product(output, input, rows, { of: 'dW = dyᵀ x', transposeA: true }),
  ].map((c) => ({
    ...c,
    table: 'Products of a transformer',
    id: `linear ${input} → ${output}, ${rows} tokens, ${c.of}`,
    contenders: ['heed'],
    targets: [{ against: 'yardstick', least: 0.75, together: true }],
  }))

const widths = [
  [256, 256],
  [256, 1024],
  [1024, 256],
  [256, 8000],
  [768, 768],
  [768, 2304],
  [768, 3072],
  [3072, 768],
]

export const cases = ({ quick }) => [
  ...(quick ? [1024] : [256, 512, 1024, 2048]).map((n) =>
    product(n, n, n, {
      table: 'Square products',
      x: n,
      contenders: [
        'heed',
        'heed, 2 threads',
        'heed, plain SIMD',
        'onnxruntime-web',
        'jax-js',
        'tfjs-wasm',
        'onnxruntime-node',
        'onnxruntime-node, 2 threads',
        'pytorch',
        'pytorch, 2 threads',
      ],
      targets:
        n === 1024
          ? [
              { against: 'yardstick', least: 0.9 },
              { against: 'onnxruntime-web', least: 1.9 },
              { against: 'jax-js', least: 2.8 },
            ]
          : [],
    }),
  ),
  ...(quick ? [128] : [16, 128, 2048]).flatMap((rows) =>
    widths.flatMap(([input, output]) => linear(rows, input, output)),
  ),
]

export async function prepare({ m, n, k, transposeA = false, transposeB = false }, backend) {
  const { tensor, zeros } = await import('heed')
  const a = tensor(numbers(m * k, 1), transposeA ? [k, m] : [m, k], { backend })
  const b = tensor(numbers(k * n, 2), transposeB ? [n, k] : [k, n], { backend })
  const out = zeros([m, n], { backend })
  return {
    run: () => backend.kernels.matmul({ a, b, out, transposeA, transposeB }),
    sample: async () => sample(await out.data()),
    dispose: () => [a, b, out].forEach((t) => t.dispose()),
  }
}
