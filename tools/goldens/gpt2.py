"""Makes the golden files of GPT-2 and of choosing tokens; see families.py.   usage: gpt2.py"""

import json

import torch
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Model
from transformers.generation.logits_process import (
    LogitsProcessorList, RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper,
)

from families import GOLDENS, make

small = dict(vocab_size=40, n_embd=12, n_layer=2, n_head=3, n_positions=24)

make('gpt2', GPT2LMHeadModel, GPT2Config(**small), generate=12)
# Scores divided layer by layer, another activation and inner width; one head.
make('gpt2-scaled', GPT2LMHeadModel, GPT2Config(**small | dict(
    n_layer=3, n_head=1, n_inner=20, activation_function='relu', layer_norm_epsilon=1e-3,
    scale_attn_by_inverse_layer_idx=True, reorder_and_upcast_attn=False,
)), generate=12)
make('gpt2-unscaled', GPT2LMHeadModel, GPT2Config(**small | dict(scale_attn_weights=False, tie_word_embeddings=False)), generate=12, lengths=(5,))


# As the checkpoints of 2019 are: without the prefix, with n_ctx and few of today's fields.
def old_config(json):
    keep = ('model_type', 'vocab_size', 'n_embd', 'n_layer', 'n_head', 'n_positions', 'layer_norm_epsilon', 'activation_function')
    return {k: json[k] for k in keep} | dict(n_ctx=24, task_specific_params={'text-generation': {'do_sample': True, 'max_length': 50}})


make('gpt2-old', GPT2Model, GPT2Config(**small), edit=old_config, lengths=(6, 2))


def chosen(case, repetition=1.0, temperature=1.0, top_k=0, top_p=1.0):
    """The probabilities after the filters, in float64."""
    torch.manual_seed(case)
    scores = (torch.randn(1, 30) * 3).round(decimals=2).double()
    seen = torch.randint(0, 30, (1, 8))
    filters = LogitsProcessorList([RepetitionPenaltyLogitsProcessor(repetition)])
    if temperature != 1:
        filters.append(TemperatureLogitsWarper(temperature))
    if top_k:
        filters.append(TopKLogitsWarper(top_k))
    if top_p < 1:
        filters.append(TopPLogitsWarper(top_p))
    probabilities = filters(seen, scores.clone()).softmax(-1)
    options = dict(repetitionPenalty=repetition, temperature=temperature, topP=top_p) | (dict(topK=top_k) if top_k else {})
    return dict(options=options, scores=scores[0].tolist(), seen=seen[0].tolist(), probabilities=probabilities[0].tolist())


cases = [
    chosen(1), chosen(2, temperature=0.7), chosen(3, temperature=2.5), chosen(4, top_k=1), chosen(5, top_k=5), chosen(6, top_k=99),
    chosen(7, top_p=0.9), chosen(8, top_p=0.3), chosen(9, top_p=0.01), chosen(10, repetition=1.3), chosen(11, repetition=0.7),
    chosen(12, 1.2, 0.8, 6, 0.8), chosen(13, 1.8, 1.7, 10, 0.95), chosen(14, 1.1, 0.3, 3, 0.5),
]
(GOLDENS / 'sampling.golden.json').write_text('[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]\n')
