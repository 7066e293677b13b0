"""One RTB iteration on images in plain PyTorch, to time the engine against.

    python tests/golden/rtb_digits.py [--prior pixels] [--steps 40] [--batch 32] [--rank 8] [--threads 2] [--device cuda]

The same network, chain, batch and weights to train (all, or low-rank corrections) as `rtb bench digit-3
--set rollout.noised_share=0`: trajectories are drawn without gradients, and their residuals weigh the
gradient of every step's log density (arXiv 2405.20971), taken for as many rows at once as there.
"""

import argparse
import copy
import math

import torch
from torch import nn
from torch.func import functional_call
from residual import Residual, picture
from unet import LAST_NOISE, SIDE, UNet, level, mean_seconds

LATENTS = 32
# Rows of one backward pass.
CHUNK = 512


class Adapted(nn.Module):
    """W + down·up for every weight of two or more dimensions but those whose names begin with `fixed`."""

    def __init__(self, network, rank, fixed=("time", "position")):
        super().__init__()
        self.network = [network]
        self.base = {name: p.detach() for name, p in network.named_parameters()}
        self.low_rank = nn.ParameterDict()
        for name, p in self.base.items():
            if p.dim() < 2 or name.startswith(fixed):
                continue
            inputs, outputs = (p[0].numel(), p.shape[0]) if p.dim() == 4 else p.shape
            key = name.replace(".", "/")
            self.low_rank[key + "/down"] = nn.Parameter(torch.randn(inputs, rank) / math.sqrt(inputs))
            self.low_rank[key + "/up"] = nn.Parameter(torch.zeros(rank, outputs))

    def weights(self):
        """Those of the network, by name."""
        weights = dict(self.base)
        for key in {k.rsplit("/", 1)[0] for k in self.low_rank}:
            base = self.base[key.replace("/", ".")]
            delta = self.low_rank[key + "/down"] @ self.low_rank[key + "/up"]
            weights[key.replace("/", ".")] = base + (delta.T.reshape(base.shape) if base.dim() == 4 else delta)
        return weights

    def forward(self, *inputs):
        return functional_call(self.network[0], self.weights(), inputs)


class Classifier(nn.Sequential):
    """The plan of the classifier of rewards."""

    def __init__(self):
        plan = [(1, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 2)]
        layers = []
        for inputs, outputs, stride in plan:
            layers += [nn.Conv2d(inputs, outputs, 3, stride, 1), nn.ReLU()]
        super().__init__(*layers, nn.Flatten(), nn.Linear(1024, 64), nn.ReLU(), nn.Linear(64, 10))

    def log_prob(self, images, digit):
        return self(images.view(-1, 1, SIDE, SIDE)).log_softmax(1)[:, digit]


def chain(steps, device):
    """Times, levels and ancestral kernels."""
    last = math.asin(LAST_NOISE) / (math.pi / 2)
    times = 1 - (1 - last) * torch.arange(steps + 1, dtype=torch.float64) / steps
    alpha, sigma = level(times)
    alpha[0] = 0
    kept = alpha[:-1] / alpha[1:]
    gained = sigma[:-1] ** 2 - kept**2 * sigma[1:] ** 2
    data = alpha[1:] * gained / sigma[:-1] ** 2
    state = kept * sigma[1:] ** 2 / sigma[:-1] ** 2
    variance = gained * sigma[1:] ** 2 / sigma[:-1] ** 2
    return [t.float().to(device) for t in (times, alpha, sigma, data, state, variance)]


class OfLatents(Residual):
    """The network of the shipped prior of latents."""

    def __init__(self):
        super().__init__(LATENTS, LATENTS, 352, 3, 64)

    def forward(self, times, x):
        return super().forward(x, times)


def iteration(prior, policy, images_of, classifier, optimizer, arguments):
    times, alpha, sigma, data, state, variance = chain(arguments.steps, arguments.device)
    rows = arguments.batch

    def level_of(of, i):
        """A value of steps, once for every row of theirs."""
        return of[i].repeat_interleave(rows)[:, None]

    def denoised(network, i, x):
        return level_of(alpha, i) * x - level_of(sigma, i) * network(level_of(times, i)[:, 0], x)

    def posterior(i, x, prior_data):
        return prior_data + level_of(sigma, i) * (denoised(policy, i, x) - prior_data)

    size = LATENTS if arguments.prior == "latents" else SIDE**2
    x = torch.zeros(rows, size, device=arguments.device)
    states, priors, log_ratio = [x], [], torch.zeros(rows, device=x.device)
    with torch.no_grad():
        for i in range(arguments.steps):
            at = torch.tensor([i], device=x.device)
            prior_data = denoised(prior, at, x)
            posterior_data = posterior(at, x, prior_data)
            after = state[i] * x + data[i] * posterior_data + variance[i].sqrt() * torch.randn_like(x)
            middle = state[i] * x + data[i] * (prior_data + posterior_data) / 2
            log_ratio += (data[i] / variance[i]) * ((posterior_data - prior_data) * (after - middle)).sum(1)
            x = after
            states.append(x)
            priors.append(prior_data)
        delta = log_ratio - classifier.log_prob(images_of(x), 3)
        weight = 2 * (delta - delta.mean()) / rows
    optimizer.zero_grad()
    for i in torch.arange(arguments.steps, device=x.device).split(max(CHUNK // rows, 1)):
        stacked = lambda of, later=0: torch.cat([of[k + later] for k in i.tolist()])
        before, after = stacked(states), stacked(states, 1)
        mean = level_of(state, i) * before + level_of(data, i) * posterior(i, before, stacked(priors))
        log_prob = -0.5 * (after - mean).square().sum(1) / level_of(variance, i)[:, 0]
        (log_prob * weight.repeat(len(i))).sum().backward()
    optimizer.step()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--prior", choices=["latents", "pixels"], default="latents")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rank", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.prior == "latents":
        prior, decoder = OfLatents(), Residual(LATENTS, SIDE**2, 256, 2).to(arguments.device)
        images_of = lambda latents: picture(decoder, latents)
    else:
        prior, images_of = UNet([32, 96], [1, 3], 64), lambda images: images
    prior = prior.to(arguments.device)
    if arguments.rank:
        policy = Adapted(prior, arguments.rank).to(arguments.device)
        trained = policy.low_rank.parameters()
    else:
        policy = copy.deepcopy(prior)
        trained = policy.parameters()
    classifier = Classifier().to(arguments.device)
    optimizer = torch.optim.Adam(trained, lr=1e-3)

    def timed():
        iteration(prior, policy, images_of, classifier, optimizer, arguments)
        if arguments.device != "cpu":
            torch.cuda.synchronize()

    print(f"{arguments.prior}: {mean_seconds(timed, 10):.3f} s/iteration")
