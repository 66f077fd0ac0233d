import type { Activation } from '../backends/backend.js'
import type { ConfigReader } from './config.js'

/** What every family of blocks is made of, whatever its config.json calls it. */
export interface BlockConfig {
  /** config.json as it was read. */
  json: { readonly model_type: string }
  vocabSize: number
  /** D */
  width: number
  layers: number
  /** Query heads. */
  heads: number
  /** Width inside the feed-forward networks. */
  inner: number
  activation: Activation
  /** The most tokens of a text. */
  maxPositions: number
  normEps: number
}

/** Fields of any Hugging Face config that change nothing about a pass, and why. */
export const benignFields: Readonly<Record<string, string>> = {
  _name_or_path: 'where the model came from',
  _attn_implementation_autoset: 'how transformers chose to run it',
  architectures: 'names classes of transformers; the tensors say what is there',
  transformers_version: 'who wrote the file',
  'transformers.js_config': 'of another runtime',
  torch_dtype: 'every tensor says its own dtype',
  dtype: 'every tensor says its own dtype',
  use_cache: 'the caller chooses',
  return_dict: 'of the Python interface',
  output_attentions: 'of the Python interface',
  output_hidden_states: 'of the Python interface',
  gradient_checkpointing: 'of training',
  initializer_range: 'of training',
  id2label: 'of a classifier',
  label2id: 'of a classifier',
  problem_type: 'of a classifier',
  finetuning_task: 'of a classifier',
  task_specific_params: 'defaults of tasks in transformers',
  language: 'a label',
  torchscript: 'of the Python interface',
  bos_token_id: 'the tokenizer says it',
  eos_token_id: 'read where texts are generated, from generation_config.json first',
  sep_token_id: 'the tokenizer says it',
  cls_token_id: 'the tokenizer says it',
  mask_token_id: 'the tokenizer says it',
  chunk_size_feed_forward: 'computes the same in pieces',
  use_bfloat16: 'of another framework',
  max_length: 'a default of generation',
  min_length: 'a default of generation',
  do_sample: 'a default of generation',
  num_beams: 'a default of generation',
  temperature: 'a default of generation',
  top_k: 'a default of generation',
  top_p: 'a default of generation',
  repetition_penalty: 'a default of generation',
}

/** Fields that must be off: what they switch on is not offered. */
export function mustBeOff(c: ConfigReader, ...fields: string[]): void {
  for (const field of fields) c.oneOf(field, [false], false)
}

const activations: Record<string, Activation> = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'geluTanh',
  gelu_fast: 'geluTanh',
  gelu_pytorch_tanh: 'geluTanh',
  relu: 'relu',
  silu: 'silu',
  swish: 'silu',
}

/** An activation by the name that transformers gives it. */
export const activationOf = (c: ConfigReader, field: string, fallback: string): Activation =>
  activations[c.oneOf(field, Object.keys(activations), fallback)]
