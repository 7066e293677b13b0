"""The shipped networks in NumPy, as docs/read-the-weights.md defines them.

    python tests/golden/networks.py            writes tests/golden/networks.json

Needs numpy and safetensors, reads crate/assets. The file is what `tests/engine/networks.rs` holds the library
against. All arithmetic is in f64.
"""

import json
import math
import unicodedata
from pathlib import Path

import numpy as np
from safetensors import safe_open

HERE = Path(__file__).parent
ASSETS = HERE / "../../crate/assets"


class Weights:
    """Tensors by name, below a prefix."""

    def __init__(self, tensors, prefix=""):
        self.tensors, self.prefix = tensors, prefix

    def __getitem__(self, name):
        return self.tensors[self.prefix + name]

    def __contains__(self, name):
        return self.prefix + name in self.tensors

    def below(self, name):
        return Weights(self.tensors, f"{self.prefix}{name}.")

    def count(self, name, last):
        return sum(f"{self.prefix}{name}.{k}{last}" in self.tensors for k in range(64))


def read(name):
    """Weights and metadata of a shipped file."""
    with safe_open(ASSETS / f"{name}.safetensors", framework="numpy") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}
        metadata = file.metadata()
    assert all(tensor.dtype == np.float16 for tensor in tensors.values())
    return Weights({key: tensor.astype(np.float64) for key, tensor in tensors.items()}), metadata


# What all share.


def dense(w, x):
    return x @ w["weight"] + w["bias"]


def conv(w, x, stride=1):
    """x [channels, rows, columns]."""
    weight = w["weight"]
    side = weight.shape[2]
    pad = (side - 1) // 2
    x = np.pad(x, [(0, 0), (pad, pad), (pad, pad)])
    windows = np.lib.stride_tricks.sliding_window_view(x, (side, side), (1, 2))[:, ::stride, ::stride]
    return np.einsum("oiab,ihwab->ohw", weight, windows) + w["bias"][:, None, None]


def standardised(x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


def layer_norm(w, x):
    return w["gamma"] * standardised(x) + w["beta"]


def group_norm(w, x):
    flat = standardised(x.reshape(len(x) // 8, -1)).reshape(x.shape)
    return w["gamma"][:, None, None] * flat + w["beta"][:, None, None]


def hard_swish(x):
    return x * np.clip(x / 6 + 0.5, 0, 1)


def relu(x):
    return np.maximum(x, 0)


def log_softmax(x):
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def time_features(t):
    angles = math.pi * t * 0.5 * 64 ** (np.arange(16) / 15)
    return np.stack([np.sin(angles), np.cos(angles)], -1).reshape(-1)


def attention(query_key_value, heads, turn=lambda x: x, causal=False):
    """query_key_value [tokens, 3·width]."""
    tokens, width = query_key_value.shape[0], query_key_value.shape[1] // 3
    parts = query_key_value.reshape(tokens, 3, heads, width // heads)
    query, key, value = (parts[:, at].swapaxes(0, 1) for at in range(3))
    scores = turn(query) @ turn(key).swapaxes(1, 2) / math.sqrt(width // heads)
    if causal:
        scores = np.where(np.tri(tokens, dtype=bool), scores, -np.inf)
    return (np.exp(log_softmax(scores)) @ value).swapaxes(0, 1).reshape(tokens, width)


# Plane.

VARIANCE, DATA_VARIANCE = 5.0, 50.0


def drift_network(w, z, t):
    """z [rows, inputs]."""
    e = time_features(t) @ w["time"] + w["time_bias"]
    e = e / (1 + np.exp(-e))
    hats = relu(1 - np.abs(3 * z[:, :, None] - (np.arange(13) - 6)))
    h = np.concatenate([z, hats.reshape(len(z), -1)], 1)
    for l in range(w.count("layers", "")):
        h = relu(h @ w[f"layers.{l}"] + w[f"biases.{l}"] + e @ w[f"embeddings.{l}"])
    return h @ w["head"] + w["head_bias"]


def spread_variance(t):
    return t * DATA_VARIANCE + VARIANCE * (1 - t)


def scale_in(t, steps):
    t = max(t, 1 / steps)
    return 1 / math.sqrt(t * spread_variance(t))


def scale_out(t):
    return math.sqrt(DATA_VARIANCE * VARIANCE / ((1 - t) * spread_variance(t)))


def learned_drift(w, x, step, steps):
    t = step / steps
    skip = DATA_VARIANCE / spread_variance(t)
    return (skip - 1) / (1 - t) * x + scale_out(t) * drift_network(w, scale_in(t, steps) * x, t)


MEANS = np.array([[x, y] for x in (-10, -5, 0, 5, 10) for y in (-10, -5, 0, 5, 10)], float)
NINE = {
    (-10, -5): 4, (-5, -10): 10, (-5, 0): 4, (10, -5): 5, (0, 0): 10, (0, 5): 5, (5, -5): 4, (5, 0): 15, (5, 10): 4,
}  # fmt: skip


def log_sum(x):
    largest = x.max(-1, keepdims=True)
    return (largest + np.log(np.exp(x - largest).sum(-1, keepdims=True)))[..., 0]


def log_mixture(x, means, weights, variance=0.3):
    """Of isotropic components, x [rows, 2]."""
    squares = ((x[:, None] - means) ** 2).sum(2)
    return log_sum(np.log(weights / weights.sum()) - math.log(2 * math.pi * variance) - 0.5 * squares / variance)


def exact_drift(x, t):
    """Of the 25 components."""
    variance = 0.3 * t * t + VARIANCE * t * (1 - t)
    if t == 0:
        return np.broadcast_to(MEANS.mean(0), x.shape) - x
    away = x[:, None] - t * MEANS
    share = np.exp(log_softmax(-0.5 * (away**2).sum(2) / variance))
    ends = (share[:, :, None] * (MEANS + t * 0.3 / variance * away)).sum(1)
    return (ends - x) / (1 - t)


def log_reward(x):
    """Of the preset 25-to-9."""
    nine = np.array(list(NINE), float), np.array(list(NINE.values()), float)
    largest = math.log(25 * 15 / 61)
    log_r = log_mixture(x, *nine) - log_mixture(x, MEANS, np.ones(25))
    return np.clip(log_r, largest - 10, largest + 50)


def guide(x):
    """∇ log r of the cells of x."""
    cell = np.clip(np.floor(np.stack([x[:, 0] + 14, 14 - x[:, 1]], 1) * 256 / 28), 0, 255)
    width, h = 28 / 256, 14 / 256
    centre = np.stack([-14 + (cell[:, 0] + 0.5) * width, 14 - (cell[:, 1] + 0.5) * width], 1)
    parts = [(log_reward(centre + step) - log_reward(centre - step)) / (2 * h) for step in h * np.eye(2)]
    gradient = np.stack(parts, 1)
    length = np.sqrt((gradient**2).sum(1, keepdims=True))
    return gradient * np.minimum(1, 10 / np.maximum(length, 1e-12))


def posterior_drift(w, x, step, steps):
    """Above the exact prior, with the Langevin term."""
    t = step / steps
    prior = exact_drift(x, t)
    inputs = np.concatenate([scale_in(t, steps) * x, (x + (1 - t) * prior) / math.sqrt(50)], 1)
    out = scale_out(t) * drift_network(w, inputs, t)
    return prior + out[:, :2] + out[:, 2:] * guide(x)


def made_up(shapes):
    """Weights by a formula, for networks of which none ship."""

    def tensor(at, shape):
        n = np.arange(math.prod(shape))
        return (0.3 * np.sin(1.7 * n + at)).astype(np.float32).astype(np.float64).reshape(shape)

    return Weights({name: tensor(at, shape) for at, (name, shape) in enumerate(shapes.items())})


# Digits.


def level(u):
    return (0.0 if u >= 1 else math.cos(math.pi * u / 2)), math.sin(math.pi * u / 2)


def digit_time(step, steps):
    return 1 - (1 - math.asin(0.03) * 2 / math.pi) * step / steps


def digit_kernel(network, x, step, steps):
    """Mean and variance of x_{i+1}."""
    u = digit_time(step, steps)
    (alpha, sigma), (next_alpha, next_sigma) = level(u), level(digit_time(step + 1, steps))
    data = alpha * x - sigma * network(x, u)
    kept = alpha / next_alpha
    gained = sigma**2 - kept**2 * next_sigma**2
    mean = next_alpha * gained / sigma**2 * data + kept * next_sigma**2 / sigma**2 * x
    return mean, gained * next_sigma**2 / sigma**2


def residual(w, x, u=None):
    """x [rows, inputs]; without u there is no time."""
    h = dense(w.below("input"), x)
    e = None if u is None else hard_swish(dense(w.below("time"), time_features(u)))
    for k in range(w.count("blocks", ".first.weight")):
        block = w.below(f"blocks.{k}")
        m = layer_norm(block.below("norm"), h)
        if e is not None:
            scale, shift = np.split(dense(block.below("modulation"), e), 2)
            m = (1 + scale) * m + shift
        h = h + dense(block.below("second"), hard_swish(dense(block.below("first"), m)))
    return dense(w.below("output"), hard_swish(layer_norm(w.below("norm"), h)))


def decoded(w, latents):
    return np.tanh(2 * residual(w.below("decoder"), latents)) / math.tanh(2)


def spread(x):
    """[4·C, side, side] to [C, 2·side, 2·side]."""
    channels, rows, columns = x.shape
    x = x.reshape(channels // 4, 2, 2, rows, columns).transpose(0, 3, 1, 4, 2)
    return x.reshape(channels // 4, 2 * rows, 2 * columns)


def gathered(x):
    channels, rows, columns = x.shape
    x = x.reshape(channels, rows // 2, 2, columns // 2, 2).transpose(0, 2, 4, 1, 3)
    return x.reshape(4 * channels, rows // 2, columns // 2)


def unet(w, x, u):
    """x [784]."""
    e = hard_swish(dense(w.below("time"), time_features(u)))

    def block(name, x):
        b = w.below(name)
        y = conv(b.below("first"), hard_swish(group_norm(b.below("norm"), x)))
        scale, shift = np.split(dense(b.below("modulation"), e)[:, None, None], 2)
        return x + conv(b.below("second"), hard_swish((1 + scale) * y + shift))

    h = conv(w.below("stem"), gathered(x.reshape(1, 28, 28)))
    h = before = block("down.0", h)
    h = conv(w.below("shrink"), h, stride=2) + w["position"]
    h = block("middle.0", h)
    a = w.below("attention")
    cells = group_norm(a.below("norm"), h).reshape(96, 49).T
    mixed = attention(dense(a.below("query_key_value"), cells), heads=3)
    h = h + dense(a.below("output"), mixed).T.reshape(h.shape)
    h = block("middle.2", block("middle.1", h))
    h = before + spread(conv(w.below("grow"), h))
    h = block("up.0", h)
    return spread(conv(w.below("head"), hard_swish(group_norm(w.below("norm"), h)))).reshape(784)


# Classifiers.


def classifier(w, image):
    h = image.reshape(1, 28, 28)
    for k, stride in enumerate([1, 2, 1, 2, 1, 2]):
        h = relu(conv(w.below(f"layers.{k}"), h, stride))
    return dense(w.below("output"), relu(dense(w.below("hidden"), h.reshape(-1))))


def evaluation_classifier(w, image):
    h = image.reshape(1, 28, 28)
    for name in ["first", "second"]:
        h = conv(w.below(name), h)
        channels, rows, columns = h.shape
        h = relu(h.reshape(channels, rows // 2, 2, columns // 2, 2).max((2, 4)))
    return dense(w.below("output"), relu(dense(w.below("hidden"), h.reshape(-1))))


# Stories.

NOTHING, UNKNOWN, BEFORE, GAP, AFTER = 0, 1, 40, 16, 16
NEVER = -1e9


def joined(c):
    """Whether it is a letter or a digit."""
    return c.isalpha() or unicodedata.category(c).startswith("N")


def tokenised(text):
    for quotes, plain in [("’‘`", "'"), ("“”", '"')]:
        for quote in quotes:
            text = text.replace(quote, plain)
    text = text.lower()
    found, inside = [], False
    for at, c in enumerate(text):
        within = c == "'" and inside and at + 1 < len(text) and joined(text[at + 1])
        if c.isspace():
            inside = False
        elif joined(c) or within:
            found = found[:-1] + [found[-1] + c] if inside else found + [c]
            inside = True
        else:
            found.append(c)
            inside = False
    return found


class Stories:
    def __init__(self, name):
        self.weights, header = read(name)
        self.words = header["words"].split("\n")[:-1]
        assert header["layout"] == "40 16 16" and len(self.words) == 4000
        self.mask = len(self.words)
        self.heads, self.causal = int(header["heads"]), header["causal"] == "true"

    def tokens(self, text):
        return [self.words.index(word) if word in self.words else UNKNOWN for word in tokenised(text)]

    def story(self, beginning, middle, ending):
        beginning, middle, ending = map(self.tokens, (beginning, middle, ending))
        tokens = [NOTHING] * (BEFORE - len(beginning)) + beginning + middle
        tokens += [NOTHING] * (BEFORE + GAP - len(tokens)) + ending
        return tokens + [NOTHING] * (BEFORE + GAP + AFTER - len(tokens))

    def logits(self, tokens, t=None):
        w = self.weights
        h = w["tokens"][tokens]
        e = hard_swish(dense(w.below("time"), time_features(t))) if "time.weight" in w else None

        def turn(x):
            """[heads, tokens, 32]."""
            angles = np.arange(x.shape[1])[:, None] * 10_000.0 ** (-np.arange(16) / 16)
            first, second = np.split(x, 2, -1)
            cos, sin = np.cos(angles), np.sin(angles)
            return np.concatenate([first * cos - second * sin, second * cos + first * sin], -1)

        for k in range(w.count("blocks", ".expand.weight")):
            b = w.below(f"blocks.{k}")
            s1 = b1 = s2 = b2 = 0.0
            if e is not None:
                s1, b1, s2, b2 = np.split(dense(b.below("modulation"), e), 4)
            m = (1 + s1) * layer_norm(b.below("attention_norm"), h) + b1
            mixed = attention(dense(b.below("query_key_value"), m), self.heads, turn, self.causal)
            h = h + dense(b.below("output"), mixed)
            m = (1 + s2) * layer_norm(b.below("hidden_norm"), h) + b2
            h = h + dense(b.below("contract"), hard_swish(dense(b.below("expand"), m)))
        return layer_norm(w.below("norm"), h) @ w["tokens"][: self.mask].T + w["bias"]

    def kernel(self, logits, temperature, never):
        logits = logits / temperature
        logits[..., never] += NEVER
        return log_softmax(logits)

    def masked_kernel(self, tokens, step, steps, temperature):
        """[16, words] of a state whose ending is hidden."""
        t = 1 - (1 - 1e-5) * step / (steps - 1)
        seen = tokens[: BEFORE + GAP] + [self.mask] * AFTER
        return self.kernel(self.logits(seen, t)[BEFORE : BEFORE + GAP], temperature, [UNKNOWN])

    def causal_kernel(self, tokens, step, temperature, shows_ending=False):
        """[words] of the token that a step makes."""
        seen = (tokens[BEFORE + GAP :] if shows_ending else []) + tokens[: BEFORE + step]
        last = [self.words.index(mark) for mark in ".!?"] + [NOTHING]
        if step > 0 and tokens[BEFORE + step - 1] in last:
            certain = np.full(self.mask, NEVER)
            certain[NOTHING] = 0
            return certain
        return self.kernel(self.logits(seen)[-1], temperature, [UNKNOWN, NOTHING])

    def ending(self, tokens):
        log_probs = log_softmax(self.logits(tokens))
        places = [place for place in range(BEFORE + GAP, len(tokens)) if tokens[place] != NOTHING]
        return sum(log_probs[place - 1, tokens[place]] for place in places)


# What the file holds.


def wave(count, speed, size):
    """Inputs that look like noise, of two decimals."""
    n = np.arange(count)
    return np.round(size * np.sin(speed * n + 0.01 * n * n), 2)


def summed(image):
    """The sums of an image's rows, and some of its pixels."""
    image = image.reshape(28, 28)
    return np.concatenate([image.sum(1), image[10:18, 13]])


def plane():
    points = [[0.3, -0.2], [-4.7, 5.3], [9.6, -10.4], [1.9, 6.1], [-13.2, 12.4]]
    # Between a mode that is kept and one that is not, ∇ log r meets the floor, is shortened, is neither.
    points, steps = np.array(points + [[0.1, -3.14], [0.1, -2.7], [0.1, -2.46]]), [0, 10, 50, 99]
    found = {"steps": 100, "at": steps, "points": points}
    for name in ["prior-25", "prior-ring"]:
        weights, _ = read(name)
        found[name] = [learned_drift(weights, points, step, 100) for step in steps]
    width = 8
    shapes = {"time": [32, width], "time_bias": [width]}
    shapes |= {f"embeddings.{l}": [width, width] for l in range(2)}
    shapes |= {"layers.0": [56, width], "layers.1": [width, width]}
    shapes |= {f"biases.{l}": [width] for l in range(2)} | {"head": [width, 3], "head_bias": [3]}
    found["posterior"] = [posterior_drift(made_up(shapes), points, step, 100) for step in steps]
    found["posterior shapes"] = list(shapes.items())
    return found


def spline(raw, x):
    """y and log dy/dx of one number under 47 raw parameters."""
    reach, bins, least = 5.0, 16, 1e-3

    def knots(raw):
        share = np.exp(raw - raw.max())
        share = least + (1 - least * bins) * share / share.sum()
        return reach * (2 * np.concatenate([[0], np.cumsum(share)]) - 1)

    shift = math.log(math.expm1(1 - least))
    inner = least + np.log1p(np.exp(raw[2 * bins :] + shift))
    xs, ys, slopes = knots(raw[:bins]), knots(raw[bins : 2 * bins]), np.concatenate([[1], inner, [1]])
    if abs(x) >= reach:
        return x, 0.0
    k = np.searchsorted(xs[1:-1], x, side="right")
    width, height = xs[k + 1] - xs[k], ys[k + 1] - ys[k]
    s, t, (left, right) = height / width, (x - xs[k]) / width, slopes[k : k + 2]
    below = s + (left + right - 2 * s) * t * (1 - t)
    y = ys[k] + height * (s * t**2 + left * t * (1 - t)) / below
    return y, math.log(s**2 * (right * t**2 + 2 * s * t * (1 - t) + left * (1 - t) ** 2) / below**2)


def normalised(w, x):
    """z of a standardised point, and the log determinant."""
    x, total = x.copy(), 0.0
    for k in range(w.count("couplings", ".head.weight")):
        coupling = w.below(f"couplings.{k}")
        mapped = (k + 1) % 2
        h = x[[1 - mapped]]
        for name in ["first", "second"]:
            h = dense(coupling.below(name), h)
            h = h / (1 + np.exp(-h))
        x[mapped], log_slope = spline(dense(coupling.below("head"), h), x[mapped])
        total += log_slope
    return x, total


def flow():
    weights, metadata = read("flow-25")
    columns = json.loads(metadata["flow"])["columns"]
    mean, deviation = (np.array([column[name] for column in columns]) for name in ["mean", "deviation"])
    points = np.array([[0.1, -0.2], [-4.7, 5.3], [9.6, -10.4], [2.4, 6.1], [-13.2, 12.4], [40.0, 0.0]])
    found = [normalised(weights, (point - mean) / deviation) for point in points]
    log_probs = [log_det - 0.5 * (z**2).sum() - math.log(2 * math.pi) - np.log(deviation).sum() for z, log_det in found]
    return {"points": points, "noise": [z for z, _ in found], "log_probs": log_probs}


def digits():
    states, steps = wave(64, 2.3, 1.5).reshape(2, 32), [0, 13, 39]
    found = {"steps": 40, "at": steps, "states": states}
    for name in ["prior-digits", "prior-digits-small"]:
        weights, _ = read(name)
        kernels = [digit_kernel(lambda x, u: residual(weights, x, u), states, step, 40) for step in steps]
        found[name] = [mean for mean, _ in kernels]
        found["variances"] = [variance for _, variance in kernels]
        image = decoded(weights, states[:1])[0]
        found[f"{name} image"] = summed(image)
        for of, logits in [("classifier", classifier), ("classifier-evaluation", evaluation_classifier)]:
            found[f"{name} {of}"] = logits(read(of)[0], image)
    for name in ["vae-digits-2", "vae-digits-12"]:
        weights, _ = read(name)
        size = len(weights["decoder.input.weight"])
        latents = wave(4 * size, 2.3, 1.5).reshape(4, size)
        found[name] = {"latents": latents, "images": [summed(made) for made in decoded(weights, latents)]}
    weights, _ = read("prior-digits-pixels")
    pixels = np.round(0.7 * image + wave(784, 2.9, 0.7), 2)
    found["pixels"] = pixels
    found["prior-digits-pixels"] = [
        summed(digit_kernel(lambda x, u: unet(weights, x, u), pixels, step, 40)[0]) for step in steps
    ]
    return found


def stories():
    beginning, middle, ending = (
        "Tom wanted to buy a new bike. He did not have enough money.",
        "His mom gave him some.",
        "Tom rode his new bike home.",
    )
    masked, causal = Stories("prior-stories"), Stories("reward-stories")
    quoted = "“I’m 12,” said Tim’s sister; she didn't xylograph 'em!"
    whole = causal.story(beginning, middle, ending)
    words = ["his", "a", "money", ".", "the", "<nothing>"]
    numbers = [masked.words.index(word) for word in words]
    # Of the gap some words are known.
    partly = [masked.mask if 40 <= place < 56 and place % 3 else token for place, token in enumerate(whole)]
    steps = [0, 5, 11]
    return {
        "parts": [beginning, middle, ending],
        "quoted": quoted,
        "quoted tokens": masked.tokens(quoted),
        "tokens": whole,
        "words": words,
        "temperature": 0.6,
        "masked": {
            "steps": 12,
            "at": steps,
            "state": partly,
            "log_probs": [masked.masked_kernel(partly, step, 12, 0.6)[:, numbers] for step in steps],
        },
        "causal": {
            "at": [0, 4],
            "log_probs": [causal.causal_kernel(whole, step, 0.6)[numbers] for step in [0, 4]],
            "log_probs that see the ending": [causal.causal_kernel(whole, step, 0.6, True)[numbers] for step in [0, 4]],
            "after the end": causal.causal_kernel(whole, 6, 0.6)[NOTHING],
        },
        "ending": causal.ending(whole),
    }


def flat(value):
    """Lists of numbers of nine digits, without lists in them; names and texts as they are."""
    if isinstance(value, dict):
        return {key: flat(of) for key, of in value.items()}
    if isinstance(value, (str, int)) or isinstance(value, list) and isinstance(value[0], (str, tuple)):
        return value
    numbers = [float(f"{number:.9g}") for number in np.asarray(value, float).reshape(-1)]
    numbers = [int(number) if number == int(number) else number for number in numbers]
    return numbers if np.ndim(value) else numbers[0]


def written(value, indent=""):
    """JSON with a list a line."""
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    lines = [f"{indent} {json.dumps(key)}: {written(of, indent + ' ')}" for key, of in value.items()]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def main():
    found = flat({"plane": plane(), "flow": flow(), "digits": digits(), "stories": stories()})
    path = Path(__file__).with_suffix(".json")
    path.write_text(written(found) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
