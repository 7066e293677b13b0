"""The image network, its noise levels and one training step in plain PyTorch.

    python tests/golden/unet.py            writes tests/golden/unet.safetensors
    python tests/golden/unet.py --time     times a training step and a forward pass

Needs torch and safetensors. The file is what `tests/engine/images.rs` holds the engine against.
"""

import argparse
import math
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

SIDE, FREQUENCIES, HEAD, GROUP, LAST_NOISE = 28, 16, 32, 8, 0.03


class Dense(nn.Module):
    """Weights are [inputs, outputs]."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs) / math.sqrt(inputs))
        self.bias = nn.Parameter(0.1 * torch.randn(outputs))

    def forward(self, x):
        return x @ self.weight + self.bias


class Conv(nn.Module):
    def __init__(self, inputs, outputs, side, stride=1):
        super().__init__()
        scale = 1 / math.sqrt(inputs * side * side)
        self.weight = nn.Parameter(scale * torch.randn(outputs, inputs, side, side))
        self.bias = nn.Parameter(0.1 * torch.randn(outputs))
        self.stride = stride

    def forward(self, x):
        padding = (self.weight.shape[-1] - 1) // 2
        return F.conv2d(x, self.weight, self.bias, self.stride, padding)


class Norm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.gamma = nn.Parameter(1 + 0.1 * torch.randn(channels))
        self.beta = nn.Parameter(0.1 * torch.randn(channels))

    def forward(self, x):
        groups = math.ceil(len(self.gamma) / GROUP)
        return F.group_norm(x, groups, self.gamma, self.beta)


class Block(nn.Module):
    def __init__(self, channels, embedding):
        super().__init__()
        self.norm = Norm(channels)
        self.first = Conv(channels, channels, 3)
        self.modulation = Dense(embedding, 2 * channels)
        self.second = Conv(channels, channels, 3)

    def forward(self, x, embedding):
        h = self.first(F.hardswish(self.norm(x)))
        scale, shift = self.modulation(embedding)[:, :, None, None].chunk(2, dim=1)
        return x + self.second(F.hardswish(h * (1 + scale) + shift))


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = Norm(channels)
        self.query_key_value = Dense(channels, 3 * channels)
        self.output = Dense(channels, channels)

    def forward(self, x):
        rows, channels, height, width = x.shape
        flat = self.norm(x).flatten(2).transpose(1, 2)
        split = lambda t: t.unflatten(2, (channels // HEAD, HEAD)).transpose(1, 2)
        query, key, value = map(split, self.query_key_value(flat).chunk(3, dim=2))
        mixed = F.scaled_dot_product_attention(query, key, value)
        out = self.output(mixed.transpose(1, 2).flatten(2))
        return x + out.transpose(1, 2).reshape(x.shape)


class UNet(nn.Module):
    def __init__(self, channels, blocks, embedding):
        super().__init__()
        fine, coarse = channels
        self.time = Dense(2 * FREQUENCIES, embedding)
        self.stem = Conv(4, fine, 3)
        self.down = nn.ModuleList(Block(fine, embedding) for _ in range(blocks[0]))
        self.shrink = Conv(fine, coarse, 3, 2)
        self.position = nn.Parameter(0.1 * torch.randn(coarse, SIDE // 4, SIDE // 4))
        self.middle = nn.ModuleList(Block(coarse, embedding) for _ in range(blocks[1]))
        self.attention = Attention(coarse)
        self.grow = Conv(coarse, 4 * fine, 1)
        self.up = nn.ModuleList(Block(fine, embedding) for _ in range(blocks[0]))
        self.norm = Norm(fine)
        self.head = Conv(fine, 4, 3)

    def forward(self, times, x):
        """times [rows], x [rows, SIDE²]."""
        frequencies = 0.5 * 64 ** (torch.arange(FREQUENCIES, dtype=torch.float64) / (FREQUENCIES - 1))
        angles = math.pi * frequencies * times.double()[:, None]
        features = torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1).to(x.dtype)
        embedding = F.hardswish(self.time(features))
        h = self.stem(F.pixel_unshuffle(x.view(-1, 1, SIDE, SIDE), 2))
        for block in self.down:
            h = block(h, embedding)
        before = h
        h = self.shrink(h) + self.position
        half = len(self.middle) // 2
        for block in self.middle[:half]:
            h = block(h, embedding)
        h = self.attention(h)
        for block in self.middle[half:]:
            h = block(h, embedding)
        h = before + F.pixel_shuffle(self.grow(h), 2)
        for block in self.up:
            h = block(h, embedding)
        return F.pixel_shuffle(self.head(F.hardswish(self.norm(h))), 2).flatten(1)


def level(u):
    return torch.cos(math.pi / 2 * u), torch.sin(math.pi / 2 * u)


def golden():
    torch.manual_seed(0)
    network = UNet([4, 32], [1, 2], 16)
    weights = {f"network.{name}": p.detach().clone() for name, p in network.named_parameters()}
    times = torch.tensor([0.1, 0.5, 0.9]).repeat_interleave(2)
    data, noise = torch.rand(6, SIDE**2) * 2 - 1, torch.randn(6, SIDE**2)
    alpha, sigma = (part[:, None] for part in level(times))
    x, v = alpha * data + sigma * noise, alpha * noise - sigma * data
    output = network(times, x)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-8)
    loss = F.mse_loss(output, v)
    loss.backward()
    optimizer.step()
    # The chain of 10 transitions: levels, and q(x_{i+1} | x_i, data) by Bayes' rule.
    last = math.asin(LAST_NOISE) / (math.pi / 2)
    alpha, sigma = level(1 - (1 - last) * torch.arange(11, dtype=torch.float64) / 10)
    alpha[0] = 0
    kept = alpha[:-1] / alpha[1:]
    gained = sigma[:-1] ** 2 - kept**2 * sigma[1:] ** 2
    precision = 1 / sigma[1:] ** 2 + kept**2 / gained
    ancestral = torch.stack([alpha[1:] / sigma[1:] ** 2 / precision, kept / gained / precision, 1 / precision])
    tensors = {
        "data": data,
        "noise": noise,
        "output": output.detach(),
        "loss": loss.detach().reshape(1),
        "output_after": network(times, x).detach(),
        "levels": torch.stack([alpha, sigma]).float(),
        "ancestral": ancestral.float(),
    }
    path = Path(__file__).with_suffix(".safetensors")
    save_file(weights | {name: t.contiguous() for name, t in tensors.items()}, path)
    print(path, path.stat().st_size, "bytes, loss", loss.item())


def mean_seconds(work, seconds):
    """What a call takes, over this many seconds of them."""
    work()
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        work()
        count += 1
    return (time.perf_counter() - begun) / count


def timed(channels, blocks, rows, threads):
    torch.set_num_threads(threads)
    network = UNet(channels, blocks, 64)
    optimizer = torch.optim.Adam(network.parameters())
    times, x = torch.rand(rows), torch.randn(rows, SIDE**2)

    def forward():
        with torch.no_grad():
            network(times, x)

    def step():
        optimizer.zero_grad()
        network(times, x).square().mean().backward()
        optimizer.step()

    for name, work in [("forward", forward), ("training step", step)]:
        print(f"{channels} {name}: {rows / mean_seconds(work, 3):.0f} images/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.time:
        timed([16, 64], [2, 2], 128, arguments.threads)
        timed([32, 128], [2, 3], 128, arguments.threads)
    else:
        golden()
