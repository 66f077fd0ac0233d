"""Makes packages/heed/src/nn/rotary.golden.json: rotary frequencies and turned heads as transformers computes them.

usage: rotary.py > packages/heed/src/nn/rotary.golden.json     (at the root of the repository)
needs: pip install torch transformers

transformers computes frequencies in float32. Here its own functions run in float64, and what float32 gives is only
checked to be the same within its rounding.
"""

import json
import sys

import torch
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.gptj.modeling_gptj import apply_rotary_pos_emb as turn_pairs
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb as turn_halves

LLAMA = {'rope_type': 'llama3', 'low_freq_factor': 1.0, 'high_freq_factor': 4.0, 'original_max_position_embeddings': 8192}
YARN = {'rope_type': 'yarn', 'original_max_position_embeddings': 4096}
CASES = [
    (8, 10000.0, {'rope_type': 'default'}),
    (64, 1e6, {'rope_type': 'default'}),
    (32, 10000.0, {'rope_type': 'linear', 'factor': 4.0}),
    (20, 1e6, {'rope_type': 'linear', 'factor': 8.0}),
    (128, 5e5, LLAMA | {'factor': 8.0}),
    (64, 5e5, LLAMA | {'factor': 32.0}),
    (32, 10000.0, LLAMA | {'factor': 4.0, 'high_freq_factor': 1.5, 'original_max_position_embeddings': 100}),
    (64, 10000.0, YARN | {'factor': 16.0}),
    (64, 1e6, YARN | {'factor': 4.0, 'original_max_position_embeddings': 32768, 'attention_factor': 0.9}),
    (64, 150000.0, YARN | {'factor': 32.0, 'beta_fast': 32.0, 'beta_slow': 1.0, 'truncate': False}),
    (64, 10000.0, YARN | {'factor': 40.0, 'beta_fast': 32, 'beta_slow': 1, 'mscale': 1.0, 'mscale_all_dim': 0.707}),
    (64, 10000.0, YARN | {'factor': 40.0, 'mscale': 0.707}),
    (16, 10000.0, YARN | {'factor': 2.0, 'beta_fast': 4, 'beta_slow': 3.5, 'original_max_position_embeddings': 20}),
    (16, 100.0, YARN | {'factor': 2.0, 'original_max_position_embeddings': 4}),
]


def frequencies(dim, theta, scaling):
    config = LlamaConfig(
        hidden_size=dim,
        num_attention_heads=1,
        head_dim=dim,
        max_position_embeddings=131072,
        rope_parameters={**scaling, 'rope_theta': theta},
    )
    compute = ROPE_INIT_FUNCTIONS.get(scaling['rope_type'], LlamaRotaryEmbedding.compute_default_rope_parameters)
    return compute(config)


def in_double(dim, theta, scaling):
    """The same functions, which ask for torch.float, with that name standing for float64."""
    torch.float = torch.float32 = torch.float64
    try:
        return frequencies(dim, theta, scaling)
    finally:
        torch.float = torch.float32 = single


single = torch.float32
cases = []
for dim, theta, scaling in CASES:
    inverse, factor = in_double(dim, theta, scaling)
    assert inverse.dtype == torch.float64
    rounded, same = frequencies(dim, theta, scaling)
    assert rounded.dtype == single and same == factor
    assert torch.allclose(rounded.double(), inverse, rtol=5e-6, atol=0), (scaling, (rounded / inverse - 1).abs().max())
    cases.append({'dim': dim, 'theta': theta, 'scaling': scaling, 'inverse': inverse.tolist(), 'factor': factor})

# Two positions, two heads of 6 components, [1, 2, 2, 6].
positions = torch.tensor([3, 100000])
x = torch.arange(1, 25, dtype=torch.float64).reshape(1, 2, 2, 6) / 8
inverse, _ = in_double(6, 10000.0, {'rope_type': 'default'})
angles = positions[None, :, None] * inverse
twice = torch.cat((angles, angles), dim=-1)
halves, _ = turn_halves(x, x, twice.cos(), twice.sin(), unsqueeze_dim=2)
pairs = turn_pairs(x, angles.sin(), angles.cos())
turned = {
    'positions': positions.tolist(),
    'x': x.flatten().tolist(),
    'halves': halves.flatten().tolist(),
    'pairs': pairs.flatten().tolist(),
}
json.dump({'frequencies': cases, 'turned': turned}, sys.stdout)
print()
