"""The network of latents, an autoencoder's pictures and one training step in plain PyTorch.

    python tests/golden/residual.py            writes tests/golden/residual.safetensors

Needs torch and safetensors. The file is what `tests/engine/latents.rs` holds the engine against.
"""

import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from unet import FREQUENCIES, SIDE, Dense, level

LATENTS, WIDTH, EMBEDDING = 6, 16, 8


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(1 + 0.1 * torch.randn(width))
        self.beta = nn.Parameter(0.1 * torch.randn(width))

    def forward(self, x):
        return F.layer_norm(x, self.gamma.shape, self.gamma, self.beta)


class Block(nn.Module):
    def __init__(self, width, embedding):
        super().__init__()
        self.norm = Norm(width)
        if embedding:
            self.modulation = Dense(embedding, 2 * width)
        self.first = Dense(width, width)
        self.second = Dense(width, width)

    def forward(self, h, embedding):
        seen = self.norm(h)
        if embedding is not None:
            scale, shift = self.modulation(embedding).chunk(2, dim=1)
            seen = seen * (1 + scale) + shift
        return h + self.second(F.hardswish(self.first(seen)))


class Residual(nn.Module):
    def __init__(self, inputs, outputs, width, blocks, embedding=0):
        super().__init__()
        if embedding:
            self.time = Dense(2 * FREQUENCIES, embedding)
        self.input = Dense(inputs, width)
        self.blocks = nn.ModuleList(Block(width, embedding) for _ in range(blocks))
        self.norm = Norm(width)
        self.output = Dense(width, outputs)

    def forward(self, x, times=None):
        """x [rows, inputs], times [rows] or none."""
        embedding = None
        if times is not None:
            frequencies = 0.5 * 64 ** (torch.arange(FREQUENCIES, dtype=torch.float64) / (FREQUENCIES - 1))
            angles = math.pi * frequencies * times.double()[:, None]
            features = torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1).to(x.dtype)
            embedding = F.hardswish(self.time(features))
        h = self.input(x)
        for block in self.blocks:
            h = block(h, embedding)
        return self.output(F.hardswish(self.norm(h)))


def normalised(latents):
    centred = latents - latents.mean(0)
    return centred / (centred.square().mean(0) + 1e-5).sqrt()


def picture(decoder, latents):
    return torch.tanh(2 * decoder(latents)) / math.tanh(2)


def golden():
    torch.manual_seed(0)
    network = Residual(LATENTS, LATENTS, WIDTH, 2, EMBEDDING)
    encoder, decoder = Residual(SIDE**2, LATENTS, WIDTH, 1), Residual(LATENTS, SIDE**2, WIDTH, 1)
    parts = {"network": network, "autoencoder.encoder": encoder, "autoencoder.decoder": decoder}
    weights = {
        f"{part}.{name}": p.detach().clone() for part, of in parts.items() for name, p in of.named_parameters()
    }
    times = torch.tensor([0.1, 0.5, 0.9]).repeat_interleave(2)
    images = torch.rand(6, SIDE**2) * 2 - 1
    data, noise = normalised(encoder(images)).detach(), torch.randn(6, LATENTS)
    alpha, sigma = (part[:, None] for part in level(times))
    x, v = alpha * data + sigma * noise, alpha * noise - sigma * data
    output = network(x, times)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, eps=1e-8)
    loss = F.mse_loss(output, v)
    loss.backward()
    optimizer.step()
    tensors = {
        "images": images,
        "latents": data,
        "pictures": picture(decoder, data).detach(),
        "x": x,
        "v": v,
        "output": output.detach(),
        "loss": loss.detach().reshape(1),
        "output_after": network(x, times).detach(),
    }
    path = Path(__file__).with_suffix(".safetensors")
    save_file(weights | {name: t.contiguous() for name, t in tensors.items()}, path)
    print(path, path.stat().st_size, "bytes, loss", loss.item())


if __name__ == "__main__":
    golden()
