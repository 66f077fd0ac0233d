import { readFileSync } from 'node:fs'
import type { Backend } from '../backends/backend.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { parseSafetensors, type SafeTensors } from '../io/index.js'
import { comparedBackends } from './backends.js'

/**
 * The backends that golden files are held against, each with its ε: 1e-5 in float32, and in float64 what is lost by
 * storing the expected numbers as float32.
 */
export const goldenBackends: { name: string; eps: number; start: () => Backend }[] = [
  { name: 'reference, float64', eps: 1e-6, start: () => new ReferenceBackend({ dtype: 'float64' }) },
  { name: 'reference, float32', eps: 1e-5, start: () => new ReferenceBackend() },
  ...comparedBackends.map((backend) => ({ ...backend, eps: 1e-5 })),
]

/** A file made by tools/goldens: its tensors, and what its metadata says of them. */
export function readGoldens<G>(file: URL): { tensors: SafeTensors; goldens: G } {
  const tensors = parseSafetensors(readFileSync(file), file.pathname)
  return { tensors, goldens: JSON.parse(tensors.metadata.goldens) as G }
}
