import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../backends/backend.js'
import { type SafeTensor, toFloat32, toInt32 } from '../io/index.js'
import { liveTensors, scope, type Tensor } from '../tensor/index.js'
import { goldenBackends, readGoldens } from '../testing/goldens.js'
import { expectWithin, withBackend } from '../testing/index.js'
import { onnxAttention, type OnnxAttributes, type OnnxInputs } from '../testing/onnx-attention.js'
import { tensor } from './index.js'

interface Case {
  name: string
  opset: number
  attributes: OnnxAttributes
}

const { tensors, goldens } = readGoldens<{ cases: Case[]; leftOut: string[] }>(
  new URL('./goldens/onnx-attention.safetensors', import.meta.url),
)
const outputs = ['Y', 'present_key', 'present_value', 'qk_matmul_output']

/** Inputs and outputs of every case, by the operator's names. */
const cases = goldens.cases.map((given) => {
  const own = [...tensors].flatMap(([key, t]): [string, SafeTensor][] => {
    const [name, which] = key.split('/')
    return name === given.name ? [[which, t]] : []
  })
  return {
    ...given,
    inputs: own.filter(([which]) => !outputs.includes(which)),
    expected: own.filter(([which]) => outputs.includes(which)),
  }
})

const upload = (t: SafeTensor): Tensor | Int32Array => {
  if (t.dtype === 'I64') return toInt32(t)
  return tensor(t.dtype === 'BOOL' ? t.bytes : toFloat32(t), t.shape)
}

it('has all cases of opsets 23 to 25 but those in half precision or with a precision for the softmax', () => {
  const count = (opset: number) => cases.filter((given) => given.opset === opset).length
  expect([count(23), count(24), count(25), cases.length]).toEqual([63, 9, 9, 81])
  expect(goldens.leftOut).toEqual([
    'test_attention_4d_fp16',
    'test_attention_4d_gqa_with_past_and_present_fp16',
    'test_attention_4d_causal_bf16',
    'test_attention_4d_causal_fp16',
    'test_attention_4d_padded_kv_bf16',
    'test_attention_4d_causal_padded_kv_bf16',
    'test_attention_4d_attn_mask_causal_bf16',
    'test_attention_3d_causal_bf16',
    'test_attention_4d_gqa_causal_nonpad_decode_fp16',
    'test_attention_24_qk_matmul_output_mode3_softmax_precision',
    'test_attention_local_window_ext_cache_float16_mask',
    'test_attention_local_window_gqa_rank4_mask',
  ])
})

describe.each(goldenBackends)('$name agrees with ONNX', ({ start }) => {
  let backend: Backend
  beforeAll(() => {
    backend = start()
  })
  afterAll(() => backend.dispose())

  it.each(cases)('$name', async ({ inputs, expected, attributes }) => {
    const before = liveTensors()
    const got = withBackend(backend, () =>
      scope(() => {
        const given = Object.fromEntries(inputs.map(([which, t]) => [which, upload(t)]))
        return onnxAttention(given as unknown as OnnxInputs, attributes)
      }),
    )
    for (const [which, t] of expected) {
      expect(got[which].shape, which).toEqual(t.shape)
      await expectWithin(got[which], toFloat32(t), 1e-5, which)
    }
    for (const t of Object.values(got)) t.dispose()
    expect(liveTensors()).toBe(before)
  })
})
