"""The transformer over tokens and one training step in plain PyTorch.

    python tests/golden/transformer.py            writes tests/golden/transformer.safetensors
    python tests/golden/transformer.py --time     times a training step and a forward pass

Needs torch and safetensors. The file is what `tests/engine/transformer.rs` holds the engine against.
"""

import argparse
import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from unet import FREQUENCIES, Dense, mean_seconds

LONGEST, HIDDEN = 10_000.0, 4


class LayerNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(1 + 0.1 * torch.randn(width))
        self.beta = nn.Parameter(0.1 * torch.randn(width))

    def forward(self, x):
        return F.layer_norm(x, x.shape[-1:], self.gamma, self.beta, eps=1e-5)


def turned(x, first=0):
    """Rotary positions of [rows, heads, length, head], from `first` on."""
    length, head = x.shape[2:]
    pair = torch.arange(head // 2, dtype=torch.float64)
    angles = (first + torch.arange(length))[:, None] * LONGEST ** (-pair / (head // 2))
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class Block(nn.Module):
    def __init__(self, width, heads, embedding, causal):
        super().__init__()
        self.attention_norm = LayerNorm(width)
        self.query_key_value = Dense(width, 3 * width)
        self.output = Dense(width, width)
        self.hidden_norm = LayerNorm(width)
        self.expand = Dense(width, HIDDEN * width)
        self.contract = Dense(HIDDEN * width, width)
        self.modulation = Dense(embedding, 4 * width) if embedding else None
        self.heads, self.causal = heads, causal

    def forward(self, x, embedding, seen=None):
        """`seen`: keys and values of the tokens before, to which those of x are added."""
        parts = self.modulation(embedding)[:, None].chunk(4, dim=2) if self.modulation else [0, 0, 0, 0]
        h = self.attention_norm(x) * (1 + parts[0]) + parts[1]
        split = lambda t: t.unflatten(2, (self.heads, -1)).transpose(1, 2)
        query, key, value = map(split, self.query_key_value(h).chunk(3, dim=2))
        first = seen[0].shape[2] if seen else 0
        query, key = turned(query, first), turned(key, first)
        if seen:
            key, value = torch.cat([seen[0], key], dim=2), torch.cat([seen[1], value], dim=2)
        if seen is not None:
            seen[:] = key, value
        earlier = None
        if self.causal and query.shape[2] > 1:
            earlier = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=x.device).tril(first)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=earlier)
        x = x + self.output(mixed.transpose(1, 2).flatten(2))
        h = self.hidden_norm(x) * (1 + parts[2]) + parts[3]
        return x + self.contract(F.hardswish(self.expand(h)))


class Transformer(nn.Module):
    def __init__(self, words, width, heads, layers, embedding, causal):
        super().__init__()
        self.tokens = nn.Parameter(torch.randn(words + 1, width) / math.sqrt(width))
        self.time = Dense(2 * FREQUENCIES, embedding) if embedding else None
        self.blocks = nn.ModuleList(Block(width, heads, embedding, causal) for _ in range(layers))
        self.norm = LayerNorm(width)
        self.bias = nn.Parameter(0.1 * torch.randn(words))

    def forward(self, times, x, places, seen=None):
        """times [rows], x [rows, length]; `seen`: a list for each block, of what a causal network goes on from."""
        embedding = None
        if self.time:
            frequencies = 0.5 * 64 ** (torch.arange(FREQUENCIES, dtype=torch.float64) / (FREQUENCIES - 1))
            angles = math.pi * frequencies * times.double()[:, None]
            features = torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1).float()
            embedding = F.hardswish(self.time(features))
        h = self.tokens[x]
        for at, block in enumerate(self.blocks):
            h = block(h, embedding, seen and seen[at])
        return self.norm(h[:, places[0] : places[1]]) @ self.tokens[:-1].T + self.bias


# By name: words, width, heads, layers, units of the time embedding, causal.
GOLDEN = {"both_ways": (11, 16, 2, 2, 8, False), "causal": (11, 16, 2, 2, 0, True)}


def golden():
    torch.manual_seed(0)
    tensors = {}
    for name, shape in GOLDEN.items():
        network = Transformer(*shape)
        for weight, values in network.named_parameters():
            tensors[f"{name}.{weight}"] = values.detach().clone()
        times = torch.tensor([0.2, 0.7]).repeat_interleave(2)
        x = torch.randint(12, (4, 6))
        targets = torch.randint(11, (4, 3))
        logits = network(times, x, (2, 5))
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-8)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        optimizer.step()
        made = {
            "x": x.float(),
            "targets": targets.float(),
            "logits": logits.detach(),
            "loss": loss.detach().reshape(1),
            "logits_after": network(times, x, (2, 5)).detach(),
        }
        tensors |= {f"{name}_{key}": value.contiguous() for key, value in made.items()}
    path = Path(__file__).with_suffix(".safetensors")
    save_file(tensors, path)
    print(path, path.stat().st_size, "bytes")


def timed(rows, length, threads):
    torch.set_num_threads(threads)
    network = Transformer(4000, 128, 4, 4, 64, False)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    x, times = torch.randint(4000, (rows, length)), torch.rand(rows)

    def forward():
        with torch.no_grad():
            network(times, x, (0, length))

    def step():
        optimizer.zero_grad()
        F.cross_entropy(network(times, x, (0, length)).flatten(0, 1), x.flatten()).backward()
        optimizer.step()

    for name, work in [("forward", forward), ("training step", step)]:
        print(f"{name}: {rows * length / mean_seconds(work, 3):.0f} tokens/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    timed(32, 64, arguments.threads) if arguments.time else golden()
