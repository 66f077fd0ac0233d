"""The question of run.mjs asked of PyTorch, TransformerLens and BertViz, at growing N until memory ends.

    python peers.py [--gigabytes 8] [--minutes 15] [--only pytorch-head,pytorch-matrix,pytorch-all,transformerlens,bertviz] [N ...]

Needs torch, transformers, transformer_lens and bertviz, and the model that model.mjs makes. Every measurement is a
process of its own, whose data segment is limited: a larger N counts as out of memory. CPU seconds are of all threads;
peaks are of the whole process so far, imports and weights included (VmHWM of /proc/self/status, so Linux only).
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

FOLDER = str(Path(__file__).parent / ".cache" / "long-gpt2")
LAYERS, HEAD = (0, 11), 3


def step(name, work):
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
    print(f"  {name:<14} {wall:8.2f} s  {cpu:8.2f} CPU s   peak {peak / 1e9:.2f} GB", flush=True)
    return result


def tokens(N):
    import torch

    return torch.randint(1, 257, (1, N), generator=torch.Generator().manual_seed(1))


def load(attention, head=False):
    from transformers import GPT2LMHeadModel, GPT2Model

    kind = GPT2LMHeadModel if head else GPT2Model
    return step("load", lambda: kind.from_pretrained(FOLDER, attn_implementation=attention).eval())


def look_into(weights, N):
    """An overview of 512 x 512, a tile, and the top 8 of every query, of one head's whole matrix [N, N]."""
    import torch.nn.functional as F

    size, at = min(512, N), int(N * 0.6)
    step("overview", lambda: F.adaptive_avg_pool2d(weights[None], size))
    step("tile", lambda: weights[at : at + 512, at - 600 : at - 88].clone())
    step("top 8", lambda: weights.topk(8, dim=-1))


def pytorch_head(N):
    """The fastest pass there is (SDPA), of which hooks keep q and k; then one head's whole matrix."""
    import torch

    model, kept = load("sdpa"), {}
    for layer in LAYERS:
        projection = model.h[layer].attn.c_attn
        projection.register_forward_hook(lambda _, __, y, at=layer: kept.__setitem__(at, y[..., :1536].clone()))
    step("pass", lambda: model(tokens(N), use_cache=False))
    look_into_head(*(kept[11][0, :, at + HEAD * 64 : at + (HEAD + 1) * 64] for at in (0, 768)))


def pytorch_matrix(N):
    """What pytorch_head does after its pass, of random q and k."""
    import torch

    look_into_head(torch.randn(N, 64), torch.randn(N, 64))


def look_into_head(q, k):
    import torch

    N = len(q)

    def matrix():
        hidden = torch.ones(N, N, dtype=torch.bool).triu_(1)
        return (q @ k.T).mul_(64**-0.5).masked_fill_(hidden, float("-inf")).softmax(-1)

    look_into(step("matrix", matrix), N)


def pytorch_all(N):
    """output_attentions=True: all heads of all layers, as transformers gives them."""
    model = load("eager")
    out = step("pass", lambda: model(tokens(N), output_attentions=True, use_cache=False))
    look_into(out.attentions[11][0, HEAD], N)


def transformerlens(N):
    """run_with_cache of the two layers' patterns."""
    from transformer_lens.model_bridge import TransformerBridge
    from transformers import PreTrainedTokenizerFast

    end = "<|endoftext|>"
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=f"{FOLDER}/tokenizer.json", eos_token=end, pad_token=end)
    model = load("eager", head=True)
    boot = lambda: TransformerBridge.boot_transformers(FOLDER, hf_model=model, tokenizer=tokenizer, device="cpu")
    bridge = step("boot", boot)
    names = [f"blocks.{layer}.attn.hook_pattern" for layer in LAYERS]
    run = lambda: bridge.run_with_cache(tokens(N), names_filter=names)[1]
    look_into(step("pass", run)[names[1]][0, HEAD], N)


def bertviz(N):
    """head_view of the two layers: a page that holds every weight. Whether a browser opens it is another question."""
    from bertviz import head_view

    model = load("eager")
    ids = tokens(N)
    out = step("pass", lambda: model(ids, output_attentions=True, use_cache=False))
    names = [str(id) for id in ids[0].tolist()]
    view = lambda: head_view(out.attentions, names, include_layers=list(LAYERS), html_action="return")
    print(f"  a page of {len(step('head_view', view).data) / 1e6:.0f} MB")


QUESTIONS = {
    "pytorch-head": pytorch_head,
    "pytorch-matrix": pytorch_matrix,
    "pytorch-all": pytorch_all,
    "transformerlens": transformerlens,
    "bertviz": bertviz,
}


def measure(question, N, gigabytes):
    os.environ |= {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "TRANSFORMERS_VERBOSITY": "error"}
    limit = int(gigabytes * 1e9)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    import torch

    torch.set_grad_enabled(False)
    try:
        QUESTIONS[question](N)
    except (MemoryError, RuntimeError) as error:
        if not re.search("memory|alloc", str(error), re.I) and not isinstance(error, MemoryError):
            raise
        print(f"  out of memory at {gigabytes:g} GB: {str(error)[:140] or 'MemoryError'}")
        sys.exit(3)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gigabytes", type=float, default=8)
    parser.add_argument("--minutes", type=float, default=15, help="the most for one measurement")
    parser.add_argument("--only", default=",".join(QUESTIONS))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("sizes", nargs="*", type=int, default=[512, 1024, 2048, 4096, 8192, 16384, 32768])
    options = parser.parse_args()
    if options.one:
        return measure(options.one, options.sizes[0], options.gigabytes)
    for question in options.only.split(","):
        for N in options.sizes:
            print(f"{question}, N = {N}", flush=True)
            command = [sys.executable, __file__, "--one", question, "--gigabytes", str(options.gigabytes), str(N)]
            try:
                if subprocess.run(command, timeout=options.minutes * 60).returncode != 0:
                    break
            except subprocess.TimeoutExpired:
                print(f"  not done in {options.minutes:g} minutes")
                break


main()
