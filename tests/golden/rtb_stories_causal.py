"""One RTB iteration above a causal language model in plain PyTorch, and samples, to time the engine against.

    python tests/golden/rtb_stories_causal.py             one iteration, and its loss
    python tests/golden/rtb_stories_causal.py --time [--stories 4] [--rank 8] [--threads 2] [--device cuda]

The same networks, chain, batch and low-rank corrections as `rtb bench stories-each-causal`, with random weights
and words: middles are written word by word without gradients by a posterior that sees the ending in front of the
beginning, scored by a prior that does not see it, and rewarded by the log-probability of the ending; their
residuals weigh the gradient of the middles' log-probability (arXiv 2405.20971). Keys and values of earlier tokens
are kept, and those of what is given are made once a story. Nothing ends a middle before its last place.
"""

import torch
from rtb_stories import AFTER, BEFORE, ENDING, GAP, HEADS, LAYERS, LENGTH, MIDDLE, NEVER, TEMPERATURE, UNKNOWN
from rtb_stories import WIDTH, WORDS, at, command_line, posterior, timed
from torch.func import functional_call
from transformer import Transformer

EACH, BETA = 8, 3.0


class Told:
    """A network with prepared weights, which goes on from what it has seen."""

    def __init__(self, network, weights, given, each):
        self.network, self.weights = network, weights
        self.seen = [[] for _ in network.blocks]
        self.go_on(given, (0, 0))
        for kept in self.seen:
            kept[:] = [t.repeat_interleave(each, 0) for t in kept]

    def go_on(self, tokens, places):
        return functional_call(self.network, self.weights, (None, tokens, places, self.seen))

    def middle(self, tokens):
        """Log-probabilities of the words after each of the tokens, [rows, tokens, words]."""
        logits = self.go_on(tokens, (0, tokens.shape[1])) / TEMPERATURE
        logits[..., UNKNOWN] += NEVER
        return logits.log_softmax(2)


def ending_first(x):
    return torch.cat([x[:, ENDING:], x[:, : BEFORE - 1]], 1)


def drawn(network, weights, x, each):
    """Middles of the posterior, and their log-probability."""
    told = Told(network, weights, ending_first(x), each)
    x = x.repeat_interleave(each, 0)
    log_prob = torch.zeros(len(x), device=x.device)
    for place in range(BEFORE, ENDING):
        of_words = told.middle(x[:, place - 1 : place]).squeeze(1)
        below = of_words.exp().cumsum(1)
        wanted = torch.rand(len(x), 1, device=x.device) * below[:, -1:]
        word = torch.searchsorted(below, wanted).clamp(max=WORDS - 1)
        log_prob += of_words.gather(1, word).squeeze(1)
        x[:, place] = word.squeeze(1)
    return x, log_prob


def log_prob(told, x):
    """Of the middles, in one pass."""
    return at(told.middle(x[:, BEFORE - 1 : ENDING - 1]), x[:, MIDDLE]).sum(1)


def iteration(prior, policy, reward, optimizer, arguments):
    given = torch.randint(WORDS, (arguments.stories, LENGTH), device=arguments.device)
    own, fixed = (dict(network.named_parameters()) for network in (prior, reward))
    with torch.no_grad():
        x, log_ratio = drawn(prior, policy.weights(), given, EACH)
        log_ratio -= log_prob(Told(prior, own, given[:, : BEFORE - 1], EACH), x)
        told = Told(reward, fixed, given[:, :BEFORE], EACH)
        logits = told.go_on(x[:, BEFORE:-1], (GAP - 1, GAP + AFTER - 1))
        delta = log_ratio - BETA * at(logits.log_softmax(2), x[:, ENDING:]).sum(1)
        delta = delta.view(-1, EACH)
        delta = (delta - delta.mean(1, keepdim=True)).flatten()
    optimizer.zero_grad()
    told = Told(prior, policy.weights(), ending_first(given), EACH)
    (log_prob(told, x) * 2 * delta / len(x)).sum().backward()
    optimizer.step()
    return delta.square().mean().item()


@torch.no_grad()
def sample(prior, policy, count, rows, device):
    weights = policy.weights()
    for begun in range(0, count, rows):
        given = torch.randint(WORDS, (min(rows, count - begun), LENGTH), device=device)
        drawn(prior, weights, given, 1)[0].cpu()


if __name__ == "__main__":
    arguments = command_line(stories=4, count=20)
    prior, reward = (Transformer(WORDS, WIDTH, HEADS, LAYERS, 0, True).to(arguments.device) for _ in range(2))
    policy, optimizer = posterior(prior, 1e-3, arguments)
    work = lambda asked: iteration(prior, policy, reward, optimizer, asked)
    draw = lambda asked: sample(prior, policy, asked.draw, 64, asked.device)
    timed(work, draw, arguments) if arguments.time else print(f"loss {work(arguments):.1f}")
