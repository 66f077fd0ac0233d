import { onnxContender } from './onnx.mjs'

export async function start({ threads }) {
  const ort = await import('onnxruntime-web')
  ort.env.wasm.numThreads = threads
  return onnxContender(ort, ort.env.versions.web ?? ort.env.versions.common, { executionProviders: ['wasm'] })
}
