"""One RTB iteration above recorded steps in plain PyTorch, to time the engine against.

    python tests/golden/rtb_control.py [--states 64] [--actions 64] [--steps 75] [--threads 2] [--seconds 20] [--device cuda]

As the paper's code (`offline_RL/model.py` beside arXiv 2405.20971) does it, for a state of 17 numbers and an action of 6:
a behaviour and a correction of its shape, three layers of 256 with layer norms, the gradient of a twin critic as a
Langevin term, half of the trajectories drawn and half noised back from one action a state, and VarGrad over the actions
of a state. Trajectories are drawn without gradients; those are taken in a second pass, for as many rows at once as there.
"""

import argparse
import math

import torch
from torch import nn
from unet import mean_seconds

STATE, ACTION, WIDTH = 17, 6, 256
# Rows of one backward pass.
CHUNK = 2000


class Denoiser(nn.Module):
    def __init__(self, langevin=False):
        super().__init__()
        layers = []
        for inputs in (STATE + ACTION + 128, WIDTH, WIDTH):
            layers += [nn.Linear(inputs, WIDTH), nn.LayerNorm(WIDTH), nn.GELU()]
        self.body = nn.Sequential(*layers, nn.Linear(WIDTH, ACTION))
        scaling = []
        for _ in range(2):
            scaling += [nn.Linear(128, 128), nn.LayerNorm(128), nn.GELU()]
        self.scaling = nn.Sequential(*scaling, nn.Linear(128, ACTION)) if langevin else None
        self.register_buffer("waves", torch.arange(1, 65).float() * 2 * math.pi)

    def forward(self, state, x, time, pull=None):
        time = time[:, None] * self.waves
        time = torch.cat([time.sin(), time.cos()], 1)
        out = self.body(torch.cat([state, x, time], 1))
        return out if pull is None else out + self.scaling(time) * pull


class Critic(nn.Module):
    def __init__(self):
        super().__init__()

        def network():
            sizes = [STATE + ACTION, WIDTH, WIDTH]
            layers = [m for a, b in zip(sizes, sizes[1:]) for m in (nn.Linear(a, b), nn.ReLU())]
            return nn.Sequential(*layers, nn.Linear(WIDTH, 1))

        self.one, self.other = network(), network()

    def log_r(self, state, x):
        both = torch.cat([state, x.tanh()], 1)
        return torch.minimum(self.one(both), self.other(both))[:, 0]

    def pull(self, state, x):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            return torch.autograd.grad(self.log_r(state, x).sum(), x)[0].clamp(-100, 100)


def iteration(prior, policy, critic, optimizer, arguments):
    steps, k, device = arguments.steps, arguments.actions, arguments.device
    # From noise to data: β, α = 1 − β and their products.
    beta = torch.linspace(1e-4, 0.02, steps, device=device).flip(0)
    alpha = 1 - beta
    left = alpha.flip(0).cumprod(0).flip(0)
    rows = arguments.states * k
    state = torch.randn(arguments.states, STATE, device=device).repeat_interleave(k, 0)
    fresh = (torch.arange(rows, device=device) % k < k // 2)[:, None]

    def mean(i, x, epsilon):
        return (x - beta[i] / (1 - left[i]).sqrt() * epsilon) / alpha[i].sqrt()

    with torch.no_grad():
        # Noised back from one action a state.
        back = [torch.randn(arguments.states, ACTION, device=device).repeat_interleave(k, 0)]
        for i in reversed(range(steps)):
            back.append(alpha[i].sqrt() * back[-1] + beta[i].sqrt() * torch.randn_like(back[-1]))
        back.reverse()
        x = torch.where(fresh, torch.randn_like(back[0]), back[0])
        states, priors, pulls, log_ratio = [x], [], [], torch.zeros(rows, device=device)
        for i in range(steps):
            time = torch.full((rows,), i / steps, device=device)
            pull = critic.pull(state, x)
            epsilon = prior(state, x, time)
            moved = epsilon + policy(state, x, time, pull)
            after = mean(i, x, moved) + beta[i].sqrt() * torch.randn_like(x)
            after = torch.where(fresh, after, back[i + 1])
            misses = [((after - mean(i, x, e)) ** 2).sum(1) for e in (moved, epsilon)]
            log_ratio += (misses[1] - misses[0]) / (2 * beta[i])
            x = after
            states.append(x)
            priors.append(epsilon)
            pulls.append(pull)
        delta = log_ratio - critic.log_r(state, x)
        delta = delta.view(-1, k)
        delta = (delta - delta.mean(1, keepdim=True)).view(-1)

    optimizer.zero_grad()
    for i in range(steps):
        for start in range(0, rows, CHUNK):
            part = slice(start, start + CHUNK)
            x, after = states[i][part], states[i + 1][part]
            time = torch.full((len(x),), i / steps, device=device)
            moved = priors[i][part] + policy(state[part], x, time, pulls[i][part])
            log_prob = -((after - mean(i, x, moved)) ** 2).sum(1) / (2 * beta[i])
            (2 * delta[part] * log_prob).sum().div(rows).backward()
    optimizer.step()


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("states", 64), ("actions", 64), ("steps", 75), ("threads", 2), ("seconds", 20)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    prior, policy, critic = (n.to(arguments.device) for n in (Denoiser(), Denoiser(langevin=True), Critic()))
    for network in (prior, critic):
        network.requires_grad_(False)
    nn.init.zeros_(policy.body[-1].weight)
    optimizer = torch.optim.Adam(policy.parameters(), 5e-4)
    seconds = mean_seconds(lambda: iteration(prior, policy, critic, optimizer, arguments), arguments.seconds)
    print(f"{1e3 * seconds:.0f} ms an iteration, {arguments.threads} threads")


if __name__ == "__main__":
    main()
