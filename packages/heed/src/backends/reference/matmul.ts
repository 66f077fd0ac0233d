import type { Kernels } from '../backend.js'
import { elements, widened } from './storage.js'

export const matmul: Kernels['matmul'] = ({ a, b, out, transposeA = false, transposeB = false, bias }) => {
  const [M, N] = out.shape
  const K = a.shape[transposeA ? 0 : 1]
  const [A, B, O] = [elements(a), widened(b), elements(out)]
  const added = bias && elements(bias)
  for (let i = 0; i < M; i++)
    for (let j = 0; j < N; j++) {
      let sum = 0
      for (let k = 0; k < K; k++)
        sum += A[transposeA ? k * M + i : i * K + k] * B[transposeB ? j * K + k : k * N + j]
      O[i * N + j] = added ? sum + added[j] : sum
    }
}
