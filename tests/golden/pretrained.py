"""GPT-2 and SEDD in plain PyTorch, with the names of their published files and random weights.

    python tests/golden/pretrained.py    writes tests/golden/gpt2.safetensors and sedd.safetensors

Needs torch and safetensors. The files are what `tests/engine/pretrained.rs` holds the engine against.
"""

import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

LONGEST, SIGMA_FREQUENCIES = 10_000.0, 128


class Conv1D(nn.Module):
    """Weights are [inputs, outputs]."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, x):
        return x @ self.weight + self.bias


def attended(qkv, heads, turn, causal):
    """Queries, keys and values are side by side in [rows, length, 3 width]."""
    split = lambda t: t.unflatten(2, (heads, -1)).transpose(1, 2)
    query, key, value = map(split, qkv.chunk(3, dim=2))
    mixed = F.scaled_dot_product_attention(turn(query), turn(key), value, is_causal=causal)
    return mixed.transpose(1, 2).flatten(2)


class Gpt2Block(nn.Module):
    def __init__(self, positions, width, heads):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.ModuleDict({"c_attn": Conv1D(width, 3 * width), "c_proj": Conv1D(width, width)})
        self.attn.register_buffer("bias", torch.ones(positions, positions).tril()[None, None])
        self.attn.register_buffer("masked_bias", torch.tensor(-1e4))
        self.mlp = nn.ModuleDict({"c_fc": Conv1D(width, 4 * width), "c_proj": Conv1D(4 * width, width)})
        self.heads = heads

    def forward(self, x):
        mixed = attended(self.attn["c_attn"](self.ln_1(x)), self.heads, lambda t: t, True)
        x = x + self.attn["c_proj"](mixed)
        h = F.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh")
        return x + self.mlp["c_proj"](h)


class Gpt2(nn.Module):
    def __init__(self, words, positions, width, heads, layers):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(words, width), nn.Embedding(positions, width)
        self.h = nn.ModuleList(Gpt2Block(positions, width, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)

    def forward(self, x):
        h = self.wte(x) + self.wpe.weight[: x.shape[1]]
        for block in self.h:
            h = block(h)
        return self.ln_f(h) @ self.wte.weight.T


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))

    def forward(self, x):
        return F.layer_norm(x, x.shape[-1:], self.weight, eps=1e-5)


class Rotary(nn.Module):
    def __init__(self, head):
        super().__init__()
        self.register_buffer("inv_freq", LONGEST ** (-torch.arange(0, head, 2) / head))

    def forward(self, x):
        """Turns [rows, heads, length, head]."""
        angles = torch.arange(x.shape[2])[:, None] * self.inv_freq
        turns = torch.polar(torch.ones_like(angles), angles)
        turned = torch.complex(*x.chunk(2, dim=3)) * turns
        return torch.cat([turned.real, turned.imag], dim=3)


class SigmaMap(nn.Module):
    def __init__(self, units):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(2 * SIGMA_FREQUENCIES, units), nn.SiLU(), nn.Linear(units, units))

    def forward(self, sigmas):
        frequencies = torch.exp(-math.log(10_000) * torch.arange(SIGMA_FREQUENCIES) / SIGMA_FREQUENCIES)
        angles = sigmas[:, None] * frequencies
        return self.mlp(torch.cat([angles.cos(), angles.sin()], dim=1))


class SeddBlock(nn.Module):
    def __init__(self, width, heads, condition):
        super().__init__()
        self.norm1, self.norm2 = Norm(width), Norm(width)
        self.attn_qkv = nn.Linear(width, 3 * width, bias=False)
        self.attn_out = nn.Linear(width, width, bias=False)
        gelu = nn.GELU(approximate="tanh")
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), gelu, nn.Linear(4 * width, width))
        self.adaLN_modulation = nn.Linear(condition, 6 * width)
        self.heads = heads

    def forward(self, x, condition, rotary):
        parts = self.adaLN_modulation(condition)[:, None].chunk(6, dim=2)
        h = self.norm1(x) * (1 + parts[1]) + parts[0]
        x = x + parts[2] * self.attn_out(attended(self.attn_qkv(h), self.heads, rotary, False))
        return x + parts[5] * self.mlp(self.norm2(x) * (1 + parts[4]) + parts[3])


class SeddHead(nn.Module):
    def __init__(self, kinds, width, condition):
        super().__init__()
        self.norm_final = Norm(width)
        self.linear = nn.Linear(width, kinds)
        self.adaLN_modulation = nn.Linear(condition, 2 * width)

    def forward(self, x, condition):
        shift, scale = self.adaLN_modulation(condition)[:, None].chunk(2, dim=2)
        return self.linear(self.norm_final(x) * (1 + scale) + shift)


class Sedd(nn.Module):
    def __init__(self, words, width, heads, layers, condition):
        super().__init__()
        self.vocab_embed = nn.ParameterDict({"embedding": torch.empty(words + 1, width)})
        self.sigma_map = SigmaMap(condition)
        self.rotary_emb = Rotary(width // heads)
        self.blocks = nn.ModuleList(SeddBlock(width, heads, condition) for _ in range(layers))
        self.output_layer = SeddHead(words + 1, width, condition)

    def forward(self, x, sigmas):
        """log p(… y …)/p(… x …), [rows, length, words + 1]; x [rows, length], sigmas [rows]."""
        h = self.vocab_embed["embedding"][x]
        condition = F.silu(self.sigma_map(sigmas))
        for block in self.blocks:
            h = block(h, condition, self.rotary_emb)
        scores = self.output_layer(h, condition)
        scores = scores - (torch.expm1(sigmas) * (scores.shape[2] - 1)).log()[:, None, None]
        return scores.masked_fill(F.one_hot(x, scores.shape[2]).bool(), 0)


def shaken(network):
    """Random weights, none of them 0 or 1."""
    with torch.no_grad():
        for weight in network.parameters():
            scale = 1 / math.sqrt(weight.shape[-1]) if weight.dim() > 1 else 0.1
            weight.copy_(scale * torch.randn_like(weight))
        for layer in network.modules():
            if isinstance(layer, (nn.LayerNorm, Norm)):
                layer.weight.add_(1)
    return network


def write(name, network, made):
    tensors = {f"published.{key}": value for key, value in network.state_dict().items()} | made
    path = Path(__file__).with_name(f"{name}.safetensors")
    save_file({key: value.detach().float().contiguous() for key, value in tensors.items()}, path)
    print(path, path.stat().st_size, "bytes")


def gpt2():
    network = shaken(Gpt2(words=11, positions=8, width=16, heads=2, layers=2))
    x = torch.randint(11, (4, 6))
    write("gpt2", network, {"x": x, "logits": network(x)})


def sedd():
    words, masked = 11, slice(2, 5)
    network = shaken(Sedd(words, width=16, heads=2, layers=2, condition=8))
    x = torch.randint(words, (4, 6))
    x[:, masked] = words
    sigmas = torch.tensor([0.2, 1.5]).repeat_interleave(2)
    log_scores = network(x, sigmas)
    # The last step of the authors' sampler: what is masked becomes a word.
    whole = log_scores[:, masked, :words].exp() * torch.expm1(sigmas)[:, None, None]
    log_probs = (whole / whole.sum(dim=2, keepdim=True)).log()
    write("sedd", network, {"x": x, "log_scores": log_scores, "log_probs": log_probs})


def parameters(network, *shape):
    with torch.device("meta"):
        return sum(weight.numel() for weight in network(*shape).parameters())


if __name__ == "__main__":
    print("GPT-2:", parameters(Gpt2, 50257, 1024, 768, 12, 12), "parameters")
    print("SEDD-small:", parameters(Sedd, 50257, 768, 12, 12, 128), "parameters")
    torch.manual_seed(0)
    gpt2()
    sedd()
