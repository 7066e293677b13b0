"""ImageReward (arXiv 2304.05977) of a prompt, as a reward of images.

    python3 imagereward.py PROMPT [SCALE]

Needs `pip install image-reward`. Batches of images come in as .npy arrays [rows, channels, height, width], 0 black to 1
white; log r goes out: SCALE·(score − 2), at most 0. Scores have a mean of 0 and a deviation of 1 over people's
images, and hardly one is above 2. SCALE is 1 if it is absent; tempering.beta does the same.
"""

import contextlib
import sys
from types import SimpleNamespace

import numpy as np
from numpy.lib.format import read_array, write_array
from PIL import Image

PROMPT = sys.argv[1]
SCALE = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
BEST = 2.0

# Standard output is for answers alone, and loading says a lot.
with contextlib.redirect_stdout(sys.stderr):
    import ImageReward

    model = ImageReward.load("ImageReward-v1.0")


def log_reward(images):
    pixels = (255 * images.clip(0, 1)).round().astype(np.uint8).transpose(0, 2, 3, 1)
    with contextlib.redirect_stdout(sys.stderr):
        scores = [model.score(PROMPT, Image.fromarray(image)) for image in pixels]
    return SCALE * np.minimum(np.array(scores, dtype=float) - BEST, 0)


batches = SimpleNamespace(read=sys.stdin.buffer.read)
answers = SimpleNamespace(write=sys.stdout.buffer.write)
while sys.stdin.buffer.peek(1):
    write_array(answers, log_reward(read_array(batches)))
    sys.stdout.buffer.flush()
