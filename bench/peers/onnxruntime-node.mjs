import { onnxContender } from './onnx.mjs'

export async function start({ threads }) {
  const { default: ort } = await import('onnxruntime-node')
  const options = { executionProviders: ['cpu'], intraOpNumThreads: threads, interOpNumThreads: 1 }
  return onnxContender(ort, ort.env.versions.node ?? ort.env.versions.common, options)
}
