"""ImageReward (arXiv 2304.05977) of a prompt, as a reward of images.

    python3 imagereward.py [PROMPT [SCALE]]

Needs `pip install image-reward`. Batches of images come in as .npy arrays [rows, channels, height, width], 0 black to 1
white; where the run has several prompts (prior.prompts), as structured arrays [rows] of the fields `prompt` and `image`,
and PROMPT may be absent or "". log r goes out: SCALE·(score − 2), at most 0. Scores have a mean of 0 and a deviation of
1 over people's images, and hardly one is above 2. SCALE is 1 if it is absent; tempering.beta does the same.
"""

import contextlib
import sys
from types import SimpleNamespace

import numpy as np
from numpy.lib.format import read_array, write_array
from PIL import Image

PROMPT = sys.argv[1] if len(sys.argv) > 1 else ""
SCALE = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
BEST = 2.0

# Standard output is for answers alone, and loading says a lot.
with contextlib.redirect_stdout(sys.stderr):
    import ImageReward

    model = ImageReward.load("ImageReward-v1.0")


def log_reward(images, prompts):
    pixels = (255 * images.clip(0, 1)).round().astype(np.uint8).transpose(0, 2, 3, 1)
    with contextlib.redirect_stdout(sys.stderr):
        pairs = zip(prompts, pixels, strict=True)
        scores = [model.score(str(prompt), Image.fromarray(image)) for prompt, image in pairs]
    return SCALE * np.minimum(np.array(scores, dtype=float) - BEST, 0)


def answer(batch):
    if batch.dtype.names:
        return log_reward(batch["image"], batch["prompt"])
    return log_reward(batch, [PROMPT] * len(batch))


batches = SimpleNamespace(read=sys.stdin.buffer.read)
answers = SimpleNamespace(write=sys.stdout.buffer.write)
while sys.stdin.buffer.peek(1):
    write_array(answers, answer(read_array(batches)))
    sys.stdout.buffer.flush()
