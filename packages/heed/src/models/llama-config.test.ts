import { describe, expect, it, test } from 'vitest'
import { rotaryFrequencies } from '../nn/index.js'
import { coded } from '../testing/index.js'
import { llamaConfig, llamaKind, mistralKind, qwen2Kind, qwen3Kind } from './llama-config.js'

const kinds = { llama: llamaKind, mistral: mistralKind, qwen2: qwen2Kind, qwen3: qwen3Kind }
const read = (type: keyof typeof kinds, fields: Record<string, unknown> = {}) =>
  llamaConfig({ model_type: type, ...fields }, type, kinds[type])
const size = { hidden_size: 64, num_attention_heads: 4, num_hidden_layers: 4 }

describe('published models', () => {
  const common = {
    architectures: ['X'],
    attention_dropout: 0.0,
    hidden_act: 'silu',
    initializer_range: 0.02,
    torch_dtype: 'bfloat16',
    transformers_version: '4.45.0',
    use_cache: true,
  }

  test('Llama 3.2', () => {
    const scaling = {
      factor: 32.0,
      high_freq_factor: 4.0,
      low_freq_factor: 1.0,
      original_max_position_embeddings: 8192,
      rope_type: 'llama3',
    } as const
    const config = read('llama', {
      ...common,
      architectures: ['LlamaForCausalLM'],
      attention_bias: false,
      bos_token_id: 128000,
      eos_token_id: [128001, 128008, 128009],
      head_dim: 64,
      hidden_size: 2048,
      intermediate_size: 8192,
      max_position_embeddings: 131072,
      mlp_bias: false,
      num_attention_heads: 32,
      num_hidden_layers: 16,
      num_key_value_heads: 8,
      pretraining_tp: 1,
      rms_norm_eps: 1e-5,
      rope_scaling: scaling,
      rope_theta: 500000.0,
      tie_word_embeddings: true,
      vocab_size: 128256,
    })
    expect(config.rotary).toEqual(rotaryFrequencies({ dim: 64, theta: 500000, scaling }))
    expect(config).toMatchObject({ kvHeads: 8, output: 'tied', maxPositions: 131072, normEps: 1e-5 })
  })

  test('SmolLM2', () => {
    const config = read('llama', {
      ...common,
      attention_bias: false,
      hidden_size: 576,
      intermediate_size: 1536,
      is_llama_config: true,
      max_position_embeddings: 8192,
      mlp_bias: false,
      num_attention_heads: 9,
      num_hidden_layers: 30,
      num_key_value_heads: 3,
      pad_token_id: 2,
      pretraining_tp: 1,
      rms_norm_eps: 1e-5,
      rope_interleaved: false,
      rope_scaling: null,
      rope_theta: 100000,
      tie_word_embeddings: true,
      'transformers.js_config': { kv_cache_dtype: { q4f16: 'float16', fp16: 'float16' } },
      vocab_size: 49152,
    })
    expect(config.rotary).toEqual(rotaryFrequencies({ dim: 64, theta: 100000 }))
    expect(config).toMatchObject({ headDim: 64, kvHeads: 3, output: 'tied' })
  })

  test('Mistral 0.1', () => {
    const config = read('mistral', {
      ...common,
      architectures: ['MistralForCausalLM'],
      hidden_size: 4096,
      intermediate_size: 14336,
      max_position_embeddings: 32768,
      num_attention_heads: 32,
      num_hidden_layers: 32,
      num_key_value_heads: 8,
      rms_norm_eps: 1e-5,
      rope_theta: 10000.0,
      sliding_window: 4096,
      tie_word_embeddings: false,
      vocab_size: 32000,
    })
    expect(config).toMatchObject({ headDim: 128, output: 'own', windows: Array(32).fill(4096) })
  })

  test('Qwen 2.5, as it comes and stretched by yarn', () => {
    const fields = {
      ...common,
      hidden_size: 3584,
      intermediate_size: 18944,
      max_position_embeddings: 32768,
      max_window_layers: 28,
      num_attention_heads: 28,
      num_hidden_layers: 28,
      num_key_value_heads: 4,
      rms_norm_eps: 1e-6,
      rope_theta: 1000000.0,
      sliding_window: 131072,
      tie_word_embeddings: false,
      use_mrope: false,
      use_sliding_window: false,
      vocab_size: 152064,
    }
    const config = read('qwen2', fields)
    expect(config).toMatchObject({ headDim: 128, maxPositions: 32768, windows: Array(28).fill(undefined) })
    expect(config.biases).toEqual({ attention: true, heads: false, feedForward: false })
    const yarn = { factor: 4.0, original_max_position_embeddings: 32768, type: 'yarn' } as const
    const long = read('qwen2', { ...fields, rope_scaling: yarn })
    expect(long.maxPositions).toBe(131072)
    expect(long.rotary).toEqual(rotaryFrequencies({ dim: 128, theta: 1e6, scaling: yarn }))
  })

  test('Qwen3', () => {
    const config = read('qwen3', {
      ...common,
      attention_bias: false,
      head_dim: 128,
      hidden_size: 1024,
      intermediate_size: 3072,
      max_position_embeddings: 40960,
      max_window_layers: 28,
      num_attention_heads: 16,
      num_hidden_layers: 28,
      num_key_value_heads: 8,
      rms_norm_eps: 1e-6,
      rope_scaling: null,
      rope_theta: 1000000,
      sliding_window: null,
      tie_word_embeddings: true,
      use_sliding_window: false,
      vocab_size: 151936,
    })
    expect(config).toMatchObject({ headDim: 128, headNorms: true, output: 'tied' })
    expect(config.biases).toEqual({ attention: false, heads: false, feedForward: false })
  })
})

describe('rotary embeddings', () => {
  const linear = { rope_type: 'linear', factor: 2 } as const
  const dim = 16

  it.each([
    ['transformers 5', { rope_parameters: { ...linear, rope_theta: 500, partial_rotary_factor: 1 } }],
    ['transformers 4', { rope_scaling: linear, rope_theta: 500 }],
    ['older ones', { rope_scaling: { type: 'linear', factor: 2 }, rope_theta: 500 }],
    ['theta inside before theta outside', { rope_scaling: { ...linear, rope_theta: 500 }, rope_theta: 7 }],
    [
      'null beside',
      { rope_parameters: { ...linear, rope_theta: 500 }, rope_scaling: null, rope_theta: null },
    ],
  ])('as %s writes it', (_, fields) => {
    const expected = rotaryFrequencies({ dim, theta: 500, scaling: linear })
    expect(read('llama', { ...size, ...fields }).rotary).toEqual(expected)
  })

  it('default, with and without a word about it', () => {
    const plain = rotaryFrequencies({ dim })
    for (const fields of [
      {},
      { rope_scaling: {} },
      { rope_parameters: { rope_type: 'default', rope_theta: 1e4 } },
    ])
      expect(read('llama', { ...size, ...fields }).rotary).toEqual(plain)
  })

  it('llama3 and yarn begin from max_position_embeddings where no other context is named', () => {
    const llama3 = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 } as const
    for (const scaling of [llama3, { rope_type: 'yarn', factor: 8 } as const]) {
      const { rotary } = read('llama', { ...size, max_position_embeddings: 300, rope_scaling: scaling })
      const whole = { ...scaling, original_max_position_embeddings: 300 }
      expect(rotary).toEqual(rotaryFrequencies({ dim, scaling: whole }))
    }
  })

  it.each<[string, Parameters<typeof coded>, Record<string, unknown>]>([
    [
      'dynamic',
      ['unsupported', 'llama', '"dynamic"', 'yarn'],
      { rope_scaling: { type: 'dynamic', factor: 2 } },
    ],
    ['longrope', ['unsupported', '"longrope"'], { rope_parameters: { rope_type: 'longrope' } }],
    ['part of a head', ['format', 'partial_rotary_factor', '0.5'], { partial_rotary_factor: 0.5 }],
    [
      'part of a head, inside',
      ['format', 'rope_parameters', 'partial_rotary_factor', '0.5'],
      { rope_parameters: { partial_rotary_factor: 0.5 } },
    ],
    [
      'kinds by layer',
      ['format', '"full_attention"'],
      { rope_parameters: { full_attention: { rope_type: 'default', rope_theta: 1e4 } } },
    ],
    ['both spellings', ['format', 'keep one'], { rope_parameters: linear, rope_scaling: linear }],
    ['a bad factor', ['format', 'factor', '0.5'], { rope_scaling: { type: 'linear', factor: 0.5 } }],
    ['no factor', ['format', 'factor', 'nothing'], { rope_scaling: { type: 'yarn' } }],
    ['an unknown option', ['format', '"short_factor"'], { rope_scaling: { ...linear, short_factor: [1] } }],
    ['no object', ['format', 'rope_scaling', '3'], { rope_scaling: 3 }],
    ['a bad base', ['format', 'rope_theta', '"x"'], { rope_theta: 'x' }],
    ['an odd head', ['format', 'dim', '15'], { head_dim: 15 }],
  ])('%s is refused', (_, expected, fields) => {
    expect(() => read('llama', { ...size, ...fields })).toThrow(coded(...expected))
  })
})

describe('windows', () => {
  const [full, sliding] = ['full_attention', 'sliding_attention']
  const none = undefined

  it.each<[keyof typeof kinds, Record<string, unknown>, (number | undefined)[]]>([
    ['llama', { sliding_window: null }, [none, none, none, none]],
    ['llama', { layer_types: [full, full, full, full] }, [none, none, none, none]],
    ['mistral', {}, [4096, 4096, 4096, 4096]],
    ['mistral', { sliding_window: null }, [none, none, none, none]],
    ['mistral', { sliding_window: 1, layer_types: [sliding, sliding, sliding, sliding] }, [1, 1, 1, 1]],
    ['qwen2', { sliding_window: 5, max_window_layers: 0 }, [none, none, none, none]],
    ['qwen2', { use_sliding_window: true, sliding_window: 5, max_window_layers: 3 }, [none, none, none, 5]],
    [
      'qwen2',
      { use_sliding_window: true, sliding_window: null, max_window_layers: 0 },
      [none, none, none, none],
    ],
    ['qwen2', { use_sliding_window: true, max_window_layers: 2 }, [none, none, 4096, 4096]],
    [
      'qwen3',
      {
        use_sliding_window: true,
        sliding_window: 5,
        max_window_layers: 2,
        layer_types: [sliding, full, full, full],
      },
      [5, none, none, none],
    ],
  ])('%s with %j', (type, fields, windows) => {
    expect(read(type, { ...size, num_key_value_heads: 4, ...fields }).windows).toEqual(windows)
  })

  it.each<[keyof typeof kinds, Parameters<typeof coded>, Record<string, unknown>]>([
    ['llama', ['unsupported', sliding, full], { layer_types: [full, sliding, full, full] }],
    ['mistral', ['unsupported', full, sliding], { sliding_window: 4, layer_types: [full, full, full, full] }],
    ['qwen2', ['format', sliding, 'no window'], { layer_types: [sliding, full, full, full] }],
    ['qwen2', ['format', '3 layer_types', '4 layers'], { layer_types: [full, full, full] }],
    [
      'qwen3',
      ['unsupported', '"chunked_attention"', sliding],
      { layer_types: [full, full, full, 'chunked_attention'] },
    ],
    ['mistral', ['format', 'sliding_window', '0'], { sliding_window: 0 }],
    ['llama', ['unsupported', '"sliding_window"'], { sliding_window: 4 }],
  ])('%s refuses %j', (type, expected, fields) => {
    expect(() => read(type, { ...size, num_key_value_heads: 4, ...fields })).toThrow(coded(...expected))
  })
})

describe('heads', () => {
  it.each<[keyof typeof kinds, Record<string, unknown>, { kvHeads: number; headDim: number }]>([
    ['llama', {}, { kvHeads: 4, headDim: 16 }],
    ['llama', { num_key_value_heads: null, head_dim: null }, { kvHeads: 4, headDim: 16 }],
    ['mistral', { num_attention_heads: 16 }, { kvHeads: 8, headDim: 4 }],
    ['mistral', { num_key_value_heads: null }, { kvHeads: 4, headDim: 16 }],
    ['qwen3', { num_key_value_heads: 2 }, { kvHeads: 2, headDim: 128 }],
    ['mistral', { hidden_size: 50, num_key_value_heads: 2, head_dim: 8 }, { kvHeads: 2, headDim: 8 }],
  ])('%s with %j', (type, fields, expected) => {
    expect(read(type, { ...size, ...fields })).toMatchObject(expected)
  })

  it('must divide', () => {
    expect(() => read('llama', { ...size, num_key_value_heads: 3 })).toThrow(coded('format', '3', '4 heads'))
    expect(() => read('llama', { ...size, hidden_size: 50 })).toThrow(coded('format', '4 heads', '50'))
  })
})

it('says where there must be an output', () => {
  expect(read('llama', { tie_word_embeddings: true }).output).toBe('tied')
  expect(read('llama', { architectures: ['LlamaForCausalLM'] }).output).toBe('own')
  expect(read('llama', { architectures: ['LlamaModel'] }).output).toBe('optional')
  expect(read('llama').output).toBe('optional')
})

it('biases are where the family has them', () => {
  const biases = { attention: true, heads: true, feedForward: false }
  expect(read('llama', { attention_bias: true }).biases).toEqual(biases)
  expect(read('llama', { mlp_bias: true }).biases).toEqual({
    attention: false,
    heads: false,
    feedForward: true,
  })
  expect(read('qwen3', { attention_bias: true }).biases).toEqual(biases)
  for (const type of ['mistral', 'qwen2'] as const)
    expect(() => read(type, { num_key_value_heads: 4, attention_bias: true })).toThrow(
      coded('unsupported', '"attention_bias"'),
    )
})

it.each<[Parameters<typeof coded>, Record<string, unknown>]>([
  [['unsupported', '"quantization_config"', 'hidden_size'], { quantization_config: {} }],
  [['format', 'pretraining_tp', '2', '1'], { pretraining_tp: 2 }],
  [['format', 'rope_interleaved'], { rope_interleaved: true }],
  [['format', 'is_encoder_decoder'], { is_encoder_decoder: true }],
  [['format', 'hidden_act', '"tanhshrink"', 'silu'], { hidden_act: 'tanhshrink' }],
  [['format', 'model_type', '"gemma"'], { model_type: 'gemma' }],
  [['format', 'tie_word_embeddings', '"no"'], { tie_word_embeddings: 'no' }],
])('refuses what it does not do: %j', (expected, fields) => {
  expect(() => read('llama', fields)).toThrow(coded(...expected))
})
