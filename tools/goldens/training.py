"""PyTorch's twin of a training run: torch's own layers, loss, clipping and AdamW, from heed's initial weights and over
heed's batches, in the dtype of the weights. tools/training-twin.mjs makes the folder and compares what comes of it.

usage: training.py FOLDER [float64]    reads twin.json, initial.safetensors and batches.json, writes torch.json, or with
                                        float64, the same weights widened: what there is without rounding, torch.float64.json"""

import json
import math
import sys

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn.functional import cross_entropy

folder = sys.argv[1]
read = lambda name: json.load(open(f'{folder}/{name}'))
twin, batches = read('twin.json'), read('batches.json')
config = twin['config']
weights = load_file(f'{folder}/initial.safetensors')
wide = sys.argv[2:] == ['float64']
if wide:
    weights = {name: w.double() for name, w in weights.items()}
dtype = weights['embedding.weight'].dtype
torch.set_default_dtype(dtype)
PAD, BOS = config['pad_token_id'], config['bos_token_id']


def positions(rows, width):
    """[rows, width] of section 3.5, kept as float32 as heed keeps them."""
    angles = torch.arange(rows, dtype=torch.float64)[:, None] / 10000 ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
    return torch.stack([angles.sin(), angles.cos()], -1).reshape(rows, width).float().to(dtype)


class Twin(nn.Module):
    def __init__(self):
        super().__init__()
        d, pre = config['d_model'], config['norm'] == 'pre'
        self.embedding = nn.Embedding(config['vocab_size'], d)
        layer = dict(d_model=d, nhead=config['num_heads'], dim_feedforward=config['d_ff'], dropout=0.0, batch_first=True,
                     norm_first=pre, layer_norm_eps=config['layer_norm_eps'])
        final = lambda: nn.LayerNorm(d, config['layer_norm_eps']) if pre else None
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(**layer), config['encoder_layers'], final(),
                                             enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(**layer), config['decoder_layers'], final())
        self.positions = positions(config['max_positions'], d)

    def embed(self, ids):
        return math.sqrt(config['d_model']) * self.embedding(ids) + self.positions[: ids.shape[1]]

    def forward(self, source, target):
        padding = source == PAD
        memory = self.encoder(self.embed(source), src_key_padding_mask=padding)
        causal = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).triu(1)
        out = self.decoder(self.embed(target), memory, tgt_mask=causal, memory_key_padding_mask=padding)
        return out @ self.embedding.weight.T


def load(model):
    """heed's weights under torch's names; torch keeps query, key and value in one matrix."""
    named, left = {}, dict(weights)
    take = lambda name: left.pop(name)
    linear = lambda to, name: named.update({f'{to}.{p}': take(f'{name}.{p}') for p in ('weight', 'bias')})
    named['embedding.weight'] = take('embedding.weight')
    for side, sites in (('encoder', {'self_attn': 'self'}), ('decoder', {'self_attn': 'self', 'multihead_attn': 'cross'})):
        for n in range(config[f'{side}_layers']):
            to, at = f'{side}.layers.{n}', f'{side}.{n}'
            for attention, site in sites.items():
                for p in ('weight', 'bias'):
                    parts = [take(f'{at}.{site}.{x}.{p}') for x in ('query', 'key', 'value')]
                    named[f'{to}.{attention}.in_proj_{p}'] = torch.cat(parts)
                linear(f'{to}.{attention}.out_proj', f'{at}.{site}.output')
            linear(f'{to}.linear1', f'{at}.feed_forward.in')
            linear(f'{to}.linear2', f'{at}.feed_forward.out')
            for i in range(1, len(sites) + 2):
                linear(f'{to}.norm{i}', f'{at}.norm{i}')
        if config['norm'] == 'pre':
            linear(f'{side}.norm', f'{side}.norm')
    assert not left, f'weights that the twin has no place for: {list(left)}'
    model.load_state_dict(named)


def rate_of(step):
    """Linear warm-up, 1/sqrt(step), and a linear cool-down over the last share of all steps."""
    s, steps = twin['schedule'], twin['steps']
    rate = s['peak'] * min(step / s['warmup'], math.sqrt(s['warmup'] / step))
    return rate * min(1.0, (steps - step) / (s['cooldown'] * steps)) if s['cooldown'] > 0 else rate


def padded(rows, value):
    width = max(map(len, rows))
    return torch.tensor([row + [value] * (width - len(row)) for row in rows])


torch.set_num_threads(int(twin['threads']))
model = Twin()
load(model)
o = twin['optimizer']
decays = lambda name, p: p.dim() >= 2 and 'embed' not in name
groups = [
    dict(params=[p for name, p in model.named_parameters() if decays(name, p) == yes], weight_decay=o['weightDecay'] if yes else 0.0)
    for yes in (True, False)
]
optimizer = torch.optim.AdamW(groups, lr=1.0, betas=(o['beta1'], o['beta2']), eps=o['eps'])
losses, norms = [], []
for step, batch in enumerate(batches, 1):
    source, target = padded(batch['source'], PAD), padded(batch['target'], -100)
    given = padded([[BOS] + row[:-1] for row in batch['target']], PAD)
    logits = model(source, given)
    loss = cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=-100, label_smoothing=twin['labelSmoothing'])
    optimizer.zero_grad()
    loss.backward()
    # clip_grad_norm_ would take the norm in the gradients' own dtype: in float32 that is 1e-4 off over millions of values.
    norm = torch.stack([p.grad.double().square().sum() for p in model.parameters()]).sum().sqrt()
    nn.utils.clip_grads_with_norm_(model.parameters(), o['clip'], norm.to(dtype))
    for group in optimizer.param_groups:
        group['lr'] = rate_of(step)
    optimizer.step()
    losses.append(loss.item())
    norms.append(norm.item())
    if step % 20 == 0:
        print(f'step {step}: loss {losses[-1]:.6f}, norm {norms[-1]:.6f}', flush=True)
out = 'torch.float64.json' if wide else 'torch.json'
json.dump(dict(torch=torch.__version__, losses=losses, norms=norms), open(f'{folder}/{out}', 'w'))
