"""What the golden files of model families share: tiny random models of transformers, and what they compute.

Each family has a maker beside this file (bert.py …) that lists its cases. A case becomes a model folder in
packages/heed/src/models/goldens/<case> with config.json, model.safetensors and golden.safetensors:

  ids [B, T] int32, padded on the right; lengths [B] int32
  hidden [B, T, D]: after the last norm      logits [B, T, V], where the model has such an output
  map.<layer> [B, H, T, T]: the attention weights
  generated [1, n] int32: what greedy generation continues the first row with (language models)

transformers computes in float64 with eager attention from float32 weights; results are stored as float32.
needs: pip install torch transformers safetensors
"""

import json
import pathlib

import torch
from safetensors.torch import load_file, save_file

GOLDENS = pathlib.Path(__file__).parents[2] / 'packages/heed/src/models/goldens'


def make(case, model_class, config, lengths=(7, 4), seed=1, generate=0, rename=lambda name: name, edit=lambda json: json):
    """Writes a case. `rename` and `edit` change tensor names and config.json as other versions of the tools wrote them."""
    torch.manual_seed(seed)
    model = model_class(config)
    model.eval()
    with torch.no_grad():
        # Far from initial values: norms that are not 1, biases that are not 0, scores that differ.
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * (0.3 if parameter.dim() > 1 else 0.5) + (parameter.dim() == 1) * 0.5)
    folder = GOLDENS / case
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder, safe_serialization=True)
    (folder / 'generation_config.json').unlink(missing_ok=True)
    weights = folder / 'model.safetensors'
    save_file({rename(k): v.contiguous() for k, v in load_file(weights).items() if rename(k)}, weights, metadata={'format': 'pt'})
    path = folder / 'config.json'
    path.write_text(json.dumps(edit(json.loads(path.read_text())), indent=2) + '\n')

    width = max(lengths)
    vocab = config.vocab_size
    pad = getattr(config, 'pad_token_id', None) or 0
    ids = torch.randint(max(pad + 1, 3), vocab, (len(lengths), width))
    mask = torch.arange(width)[None] < torch.tensor(lengths)[:, None]
    ids[~mask] = pad
    model = model.double()
    model.set_attn_implementation('eager')
    with torch.no_grad():
        out = model(ids, attention_mask=mask.long(), output_attentions=True, output_hidden_states=True)
        tensors = {'ids': ids.int(), 'lengths': torch.tensor(lengths, dtype=torch.int32)}
        base = getattr(model, model.base_model_prefix, model)
        tensors['hidden'] = base(ids, attention_mask=mask.long()).last_hidden_state.float()
        if 'logits' in out:
            tensors['logits'] = out.logits.float()
        for layer, weights in enumerate(out.attentions):
            tensors[f'map.{layer}'] = weights.float().contiguous()
        if generate:
            row = ids[:1, : lengths[0]]
            new = model.generate(row, attention_mask=torch.ones_like(row), max_new_tokens=generate, do_sample=False, eos_token_id=None)
            tensors['generated'] = new[:, row.shape[1] :].int()
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / 'golden.safetensors')
    print(case, sum(f.stat().st_size for f in folder.iterdir()), 'bytes')
