"""log p(x|θ) of six tasks of the simulation-based inference benchmark (arXiv 2101.04653), as a reward.

    python3 likelihood.py TASK FOLDER

FOLDER holds the observation (observation.csv). Batches of θ come in as .npy arrays, one row each; log p goes out.
"""

import csv
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np


def read(path):
    with open(path) as file:
        rows = list(csv.reader(file))
    first = 0 if is_number(rows[0][0]) else 1
    return np.array(rows[first:], dtype=float)


def is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


def gaussian_linear(folder):
    x = read(folder / "observation.csv")[0]
    return lambda theta: -((x - theta) ** 2).sum(1) / (2 * 0.1)


def gaussian_mixture(folder):
    x = read(folder / "observation.csv")[0]

    def log_prob(theta):
        square = ((x - theta) ** 2).sum(1)
        return np.logaddexp(-square / 2, -square / (2 * 0.01) - np.log(0.01))

    return log_prob


def two_moons(folder):
    x = read(folder / "observation.csv")[0]

    def log_prob(theta):
        a, b = theta.T
        u = x[0] + np.abs(a + b) / np.sqrt(2) - 0.25
        v = x[1] - (b - a) / np.sqrt(2)
        r = np.hypot(u, v)
        with np.errstate(divide="ignore"):
            inside = -((r - 0.1) ** 2) / (2 * 0.01**2) - np.log(r)
        # The angle is uniform on half a circle: there is nothing on the other half.
        return np.where(u > 0, inside, -np.inf)

    return log_prob


def slcp(folder):
    points = read(folder / "observation.csv")[0].reshape(4, 2)

    def log_prob(theta):
        mean, (a, b), rho = theta[:, :2], theta[:, 2:4].T, np.tanh(theta[:, 4])
        xx, yy, xy = a**4 + 1e-6, b**4 + 1e-6, rho * a**2 * b**2
        # xx·yy − xy², without the difference of near equals.
        det = a**4 * b**4 / np.cosh(theta[:, 4]) ** 2 + 1e-6 * (a**4 + b**4) + 1e-12
        total = -2 * np.log(det)
        for point in points:
            u, v = (point - mean).T
            total -= (yy * u**2 - 2 * xy * u * v + xx * v**2) / (2 * det)
        return total

    return log_prob


def bernoulli_glm(folder):
    y = read(folder / "observation_raw.csv")[0]
    design = read(folder.parent / "design_matrix.csv")

    def log_prob(theta):
        logits = theta @ design.T
        return (y * logits - np.logaddexp(0, logits)).sum(1)

    return log_prob


TASKS = {
    "gaussian_linear": gaussian_linear,
    "gaussian_linear_uniform": gaussian_linear,
    "gaussian_mixture": gaussian_mixture,
    "two_moons": two_moons,
    "slcp": slcp,
    "bernoulli_glm": bernoulli_glm,
}

if __name__ == "__main__":
    log_prob = TASKS[sys.argv[1]](Path(sys.argv[2]))
    # NumPy would seek in a file, and a pipe has no places; so it is given what reads and writes alone.
    batches = SimpleNamespace(read=sys.stdin.buffer.read)
    answers = SimpleNamespace(write=sys.stdout.buffer.write)
    while sys.stdin.buffer.peek(1):
        np.lib.format.write_array(answers, log_prob(np.lib.format.read_array(batches)))
        sys.stdout.buffer.flush()
