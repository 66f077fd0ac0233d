"""Makes the golden files of Llama, Mistral, Qwen2 and Qwen3; see families.py.   usage: llama.py"""

from transformers import (
    LlamaConfig, LlamaForCausalLM, LlamaModel, MistralConfig, MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM,
    Qwen3Config, Qwen3ForCausalLM,
)

from families import make

small = dict(
    vocab_size=40, hidden_size=12, intermediate_size=16, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, head_dim=6, max_position_embeddings=48, bos_token_id=None, eos_token_id=None,
)


def old(**fields):
    """config.json as transformers 4 wrote it: rope_theta, rope_scaling and torch_dtype instead of rope_parameters and dtype."""

    def edit(json):
        parameters = json.pop('rope_parameters')
        json.pop('dtype')
        theta = parameters.pop('rope_theta')
        scaling = None if parameters == {'rope_type': 'default'} else parameters
        return json | dict(rope_theta=theta, rope_scaling=scaling, torch_dtype='float32') | fields

    return edit


def case(name, model, config, lengths=(7, 4), **options):
    make(name, model, config, lengths, generate=12, **options)


# Grouped heads whose size is not hidden / heads.
case('llama', LlamaForCausalLM, LlamaConfig(**small))
# As transformers 4 saved it, without head_dim and with fields of SmolLM: as many key as query heads, tied, with biases.
case('llama-old', LlamaForCausalLM, LlamaConfig(**small | dict(
    head_dim=None, num_attention_heads=2, num_key_value_heads=None, tie_word_embeddings=True, attention_bias=True,
    mlp_bias=True, hidden_act='gelu_pytorch_tanh', rms_norm_eps=1e-3, rope_parameters={'rope_type': 'default', 'rope_theta': 500.0},
)), edit=old(is_llama_config=True, rope_interleaved=False, pretraining_tp=1, head_dim=None))
# Saved as the bare model: no prefix, no output.
make('llama-bare', LlamaModel, LlamaConfig(**small))

# Prompts beyond the original context.
case('llama3-rope', LlamaForCausalLM, LlamaConfig(**small | dict(rope_parameters={
    'rope_type': 'llama3', 'rope_theta': 100.0, 'factor': 8.0, 'low_freq_factor': 1.0, 'high_freq_factor': 4.0,
    'original_max_position_embeddings': 16,
})), lengths=(24,))
case('llama-linear', LlamaForCausalLM, LlamaConfig(**small | dict(
    rope_parameters={'rope_type': 'linear', 'rope_theta': 10000.0, 'factor': 4.0},
)), lengths=(24,), edit=old(rope_scaling={'type': 'linear', 'factor': 4.0}))
case('llama-yarn', LlamaForCausalLM, LlamaConfig(**small | dict(rope_parameters={
    'rope_type': 'yarn', 'rope_theta': 100.0, 'factor': 4.0, 'beta_fast': 2.0, 'original_max_position_embeddings': 12,
})), lengths=(24,))
# original_max_position_embeddings is then max_position_embeddings.
case('llama-yarn-old', LlamaForCausalLM, LlamaConfig(**small | dict(
    max_position_embeddings=12, rope_parameters={'type': 'yarn', 'rope_theta': 100.0, 'factor': 4.0},
)), lengths=(24,), edit=old(rope_scaling={'type': 'yarn', 'factor': 4.0}))

# Prompts of three windows.
case('mistral', MistralForCausalLM, MistralConfig(**small | dict(sliding_window=4)), lengths=(12, 9))
case('mistral-full', MistralForCausalLM, MistralConfig(**small | dict(sliding_window=None)), edit=old())
# A window that is off.
case('qwen2', Qwen2ForCausalLM, Qwen2Config(**small | dict(hidden_size=24, tie_word_embeddings=True)), lengths=(12, 9),
     edit=old(head_dim=None, use_mrope=False, sliding_window=4, max_window_layers=0, layer_types=None))
case('qwen2-window', Qwen2ForCausalLM, Qwen2Config(**small | dict(
    use_sliding_window=True, sliding_window=4, max_window_layers=1,
)), lengths=(12, 9))
# Windows as transformers 4 decides them, by max_window_layers alone.
case('qwen2-window-old', Qwen2ForCausalLM, Qwen2Config(**small | dict(
    use_sliding_window=True, sliding_window=3, max_window_layers=1,
)), lengths=(12,), edit=old(layer_types=None))
case('qwen3', Qwen3ForCausalLM, Qwen3Config(**small | dict(num_attention_heads=2, num_key_value_heads=1, head_dim=10)))
# Windows by layer_types, against max_window_layers.
case('qwen3-window', Qwen3ForCausalLM, Qwen3Config(**small | dict(
    use_sliding_window=True, sliding_window=4, max_window_layers=1, layer_types=['sliding_attention', 'full_attention'],
    attention_bias=True, tie_word_embeddings=True,
)), lengths=(12, 9))
