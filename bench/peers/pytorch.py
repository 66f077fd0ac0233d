"""PyTorch as a contender: the protocol of ../child.mjs, its options as JSON in the first argument."""

import json
import os
import signal
import sys
import time

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's to handle
options = json.loads(sys.argv[1])
clock = time.process_time if options["clock"] == "cpu" else time.perf_counter


def load():
    global np, torch, F, nn
    import numpy as np
    import torch
    import torch.nn.functional as F
    from torch import nn

    torch.set_num_threads(options["threads"])
    torch.manual_seed(1)
    return torch.__version__


def numbers(shape, seed):
    """As ../numbers.mjs has them."""
    with np.errstate(over="ignore"):
        h = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint32) * np.uint32(0x9E3779B1)
        h ^= np.uint32((seed * 0x85EBCA6B) & 0xFFFFFFFF)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
    return torch.from_numpy((h / 2.0**31 - 1).astype(np.float32)).reshape(shape)


def sample(t):
    flat = t.detach().reshape(-1)
    return [float(flat[int((i + 0.5) / 16 * flat.numel())]) for i in range(16)]


class MatMul:
    def __init__(self, work):
        self.a, self.b = numbers([work["m"], work["k"]], 1), numbers([work["k"], work["n"]], 2)

    def run(self):
        with torch.inference_mode():
            self.out = self.a @ self.b

    def sample(self):
        return sample(self.out)


class Attention:
    def __init__(self, work):
        shape = [1, work["N"], work["H"], work["D"]]
        self.causal, self.backward = work["causal"], work["backward"]
        # [B, H, N, D], as views of tensors that lie as heed's do
        self.q, self.k, self.v, self.d_out = (numbers(shape, seed).transpose(1, 2) for seed in (1, 2, 3, 5))
        for t in (self.q, self.k, self.v):
            t.requires_grad_(self.backward)

    def run(self):
        with torch.set_grad_enabled(self.backward):
            self.out = F.scaled_dot_product_attention(self.q, self.k, self.v, is_causal=self.causal)
        if self.backward:
            self.q.grad = self.k.grad = self.v.grad = None
            self.out.backward(self.d_out)

    def sample(self):
        return sample((self.q.grad if self.backward else self.out).transpose(1, 2))


class TrainingStep:
    """The encoder-decoder of ../training.mjs, pre-norm as heed's is, with PyTorch's fused attention."""

    def __init__(self, work):
        self.net = encoder_decoder(work)
        self.smoothing, vocabulary = work["smoothing"], work["vocabulary"]
        shape = [work["pairs"], work["length"]]
        self.source, self.target_in, self.target_out = (torch.randint(4, vocabulary, shape) for _ in range(3))
        self.optimizer = torch.optim.AdamW(self.net.parameters(), 1e-4, (0.9, 0.98), 1e-9, weight_decay=0.01)

    def run(self):
        self.optimizer.zero_grad(set_to_none=True)
        logits = self.net(self.source, self.target_in)
        loss = F.cross_entropy(logits.flatten(0, 1), self.target_out.flatten(), label_smoothing=self.smoothing)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        loss.item()

    sample = None


def encoder_decoder(work):
    D, heads, inner, rate = work["width"], work["heads"], work["inner"], work["dropout"]

    class Attend(nn.Module):
        def __init__(self):
            super().__init__()
            self.query, self.key, self.value, self.output = (nn.Linear(D, D) for _ in range(4))

        def forward(self, x, source, causal=False):
            split = lambda t: t.unflatten(-1, (heads, -1)).transpose(1, 2)
            q, k, v = split(self.query(x)), split(self.key(source)), split(self.value(source))
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
            return self.output(mixed.transpose(1, 2).flatten(2))

    class Block(nn.Module):
        def __init__(self, decoder):
            super().__init__()
            self.attention, self.cross = Attend(), Attend() if decoder else None
            self.feed_forward = nn.Sequential(nn.Linear(D, inner), nn.ReLU(), nn.Linear(inner, D))
            self.norms = nn.ModuleList(nn.LayerNorm(D) for _ in range(3 if decoder else 2))
            self.drop = nn.Dropout(rate)

        def forward(self, x, memory=None):
            y = self.norms[0](x)
            x = x + self.drop(self.attention(y, y, causal=self.cross is not None))
            if self.cross:
                x = x + self.drop(self.cross(self.norms[1](x), memory))
            return x + self.drop(self.feed_forward(self.norms[-1](x)))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(work["vocabulary"], D)
            nn.init.normal_(self.embedding.weight, std=D**-0.5)
            self.encoder = nn.ModuleList(Block(False) for _ in range(work["layers"]))
            self.decoder = nn.ModuleList(Block(True) for _ in range(work["layers"]))
            self.norms = nn.ModuleList(nn.LayerNorm(D) for _ in range(2))
            self.drop = nn.Dropout(rate)
            self.register_buffer("positions", torch.randn(256, D))

        def embed(self, ids):
            return self.drop(self.embedding(ids) * D**0.5 + self.positions[: ids.shape[1]])

        def forward(self, source, target):
            memory, x = self.embed(source), self.embed(target)
            for block in self.encoder:
                memory = block(memory)
            memory = self.norms[0](memory)
            for block in self.decoder:
                x = block(x, memory)
            return F.linear(self.norms[1](x), self.embedding.weight)

    return Net()


kinds = {"gemm": MatMul, "attention": Attention, "memory": Attention, "training": TrainingStep}


def memory_of(what):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(what))


def growth(run):
    """As in ../child.mjs: how far one call raises the memory of the process."""
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    before = memory_of("VmRSS")
    run()
    return max(0, memory_of("VmHWM") - before)


def seconds_per_call(run, least, clock):
    start, calls = clock(), 0
    while True:
        run()
        calls += 1
        passed = clock() - start
        if passed >= least:
            return passed / calls


def main():
    work = None
    with os.fdopen(3, "w") as answers:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = {}
                if request["ask"] == "start":
                    answer = {"version": load()}
                elif request["ask"] == "prepare":
                    case = request["case"]
                    work = kinds[case["group"]](case)
                    if case["group"] == "memory":
                        answer["facts"] = {"bytes": growth(work.run)}
                    else:
                        seconds_per_call(work.run, request["warm"], time.perf_counter)
                    answer["sample"] = work.sample and work.sample()
                elif request["ask"] == "measure":
                    answer = {"seconds": seconds_per_call(work.run, request["least"], clock)}
                else:
                    work = None
            except ImportError as error:
                answer = {"error": f"not installed: {error.name}"}
            except Exception as error:  # a note, not an end
                answer = {"error": str(error)}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()


main()
