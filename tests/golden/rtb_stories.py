"""One RTB iteration on stories in plain PyTorch, and samples, to time the engine against.

    python tests/golden/rtb_stories.py             one iteration, and its loss
    python tests/golden/rtb_stories.py --time [--steps 12] [--batch 32] [--rank 8] [--threads 2] [--device cuda]

The same networks, chain, batch, low-rank corrections, share of steps and chunk as `rtb bench story-bike`, with
random weights and words: middles are unmasked without gradients by a posterior that sees the ending, scored by a
prior that does not, and rewarded by a causal network's log-probability of the ending; their residuals weigh the
gradient of every step's log-probability (arXiv 2405.20971), which is taken for half of the steps. Samples are
those of the posterior, as with `rtb bench story-bike --draw 1000`. Where other work shares the processor,
OMP_WAIT_POLICY=passive keeps PyTorch's threads from waiting for each other at full speed.
"""

import argparse
import time

import torch
from rtb_digits import Adapted
from transformer import Transformer

WORDS, WIDTH, HEADS, LAYERS, EMBEDDING = 4000, 128, 4, 4, 64
BEFORE, GAP, AFTER = 40, 16, 16
MIDDLE, ENDING, LENGTH = slice(BEFORE, BEFORE + GAP), BEFORE + GAP, BEFORE + GAP + AFTER
MASK, UNKNOWN, NEVER = WORDS, 1, -1e9
TEMPERATURE, LAST_MASKED, CHUNK = 0.6, 1e-5, 96


def stories(rows, device):
    """Random beginnings and endings, and nothing known in between."""
    x = torch.randint(WORDS, (rows, LENGTH), device=device)
    x[:, MIDDLE] = MASK
    return x


def hidden(x):
    x = x.clone()
    x[:, ENDING:] = MASK
    return x


def log_probs(network, times, x):
    """Of the middle's words, [rows, gap, words]."""
    logits = network(times, x, (BEFORE, ENDING)) / TEMPERATURE
    logits[..., UNKNOWN] += NEVER
    return logits.log_softmax(2)


def at(log_probs, tokens):
    return log_probs.gather(2, tokens[..., None]).squeeze(2)


class Chain:
    """Times from 1 to 0, and the probability of a masked token to stay so."""

    def __init__(self, steps):
        self.steps = steps
        self.times = [1 - (1 - LAST_MASKED) * i / (steps - 1) for i in range(steps)] + [0.0]

    def time(self, i, x):
        return torch.full((len(x),), self.times[i], device=x.device)

    def step(self, i, x, log_probs):
        """The next state, and where it has new words."""
        stays, tokens = self.times[i + 1] / self.times[i], x[:, MIDDLE]
        fills = (tokens == MASK) & (torch.rand(tokens.shape, device=x.device) >= stays)
        below = log_probs.exp().cumsum(2)
        wanted = torch.rand(*tokens.shape, 1, device=x.device) * below[..., -1:]
        words = torch.searchsorted(below, wanted).squeeze(2).clamp(max=WORDS - 1)
        x = x.clone()
        x[:, MIDDLE] = torch.where(fills, words, tokens)
        return x, fills


def ending_log_prob(network, x):
    logits = network(None, x, (ENDING - 1, LENGTH - 1))
    return at(logits.log_softmax(2), x[:, ENDING:]).sum(1)


def iteration(chain, prior, policy, reward, optimizer, arguments):
    x = stories(arguments.batch, arguments.device)
    states, filled, log_ratio = [x], [], torch.zeros(len(x), device=x.device)
    with torch.no_grad():
        for i in range(chain.steps):
            of_policy = log_probs(policy, chain.time(i, x), x)
            of_prior = log_probs(prior, chain.time(i, x), hidden(x))
            x, fills = chain.step(i, x, of_policy)
            words = x[:, MIDDLE].where(fills, 0)
            log_ratio += (at(of_policy, words) - at(of_prior, words)).where(fills, 0).sum(1)
            states.append(x)
            filled.append(fills)
        delta = log_ratio - ending_log_prob(reward, x)
        delta -= delta.mean()
        weight = 2 * delta / len(x)
    chosen = torch.randperm(chain.steps)[: chain.steps // 2].tolist()
    optimizer.zero_grad()
    at_once = max(CHUNK // len(x), 1)
    for part in [chosen[k : k + at_once] for k in range(0, len(chosen), at_once)]:
        before, after = (torch.cat([states[i + offset] for i in part]) for offset in (0, 1))
        fills = torch.cat([filled[i] for i in part])
        kernels = log_probs(policy, torch.cat([chain.time(i, x) for i in part]), before)
        # The probability to be filled does not depend on the network.
        log_prob = at(kernels, after[:, MIDDLE].where(fills, 0)).where(fills, 0).sum(1)
        (log_prob * weight.repeat(len(part))).sum().mul(chain.steps / len(chosen)).backward()
    optimizer.step()
    return delta.square().mean().item()


@torch.no_grad()
def sample(chain, policy, count, rows, device):
    for begun in range(0, count, rows):
        x = stories(min(rows, count - begun), device)
        for i in range(chain.steps):
            x, _ = chain.step(i, x, log_probs(policy, chain.time(i, x), x))
        x.cpu()


def seconds(work, count):
    """Of each of several times, the shortest first."""
    work()
    spent = []
    for _ in range(count):
        begun = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begun)
    return sorted(spent)


def timed(work, draw, arguments):
    """Prints what an iteration takes, and samples; both have the arguments of the command line."""
    spent = [1e3 * s for s in seconds(lambda: work(arguments), arguments.count)]
    print(f"milliseconds of an iteration, {len(spent)} of them: median, smallest, largest")
    print(f"{spent[len(spent) // 2]:.0f} {spent[0]:.0f} {spent[-1]:.0f}")
    # The work before that has warmed up what there is to warm up.
    begun = time.perf_counter()
    draw(arguments)
    spent = time.perf_counter() - begun
    print(f"{arguments.draw} samples in {spent:.2f} s, {arguments.draw * GAP / spent:.0f} tokens/s")


def command_line(**own):
    """What is asked for; `own` are whole numbers and their defaults."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--device", default="cpu")
    for name, default in ({"rank": 8, "draw": 1000, "threads": 2} | own).items():
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    return arguments


def posterior(prior, rate, arguments):
    """The prior with low-rank corrections, and what trains them."""
    policy = Adapted(prior, arguments.rank, fixed=("time", "tokens")).to(arguments.device)
    return policy, torch.optim.Adam(policy.low_rank.parameters(), lr=rate)


if __name__ == "__main__":
    arguments = command_line(steps=12, batch=32, count=10)
    network = lambda embedding: Transformer(WORDS, WIDTH, HEADS, LAYERS, embedding, not embedding)
    prior, reward = (network(embedding).to(arguments.device) for embedding in (EMBEDDING, 0))
    policy, optimizer = posterior(prior, 3e-3, arguments)
    chain = Chain(arguments.steps)
    work = lambda asked: iteration(chain, prior, policy, reward, optimizer, asked)
    draw = lambda asked: sample(chain, policy, asked.draw, 64, asked.device)
    timed(work, draw, arguments) if arguments.time else print(f"loss {work(arguments):.1f}")
