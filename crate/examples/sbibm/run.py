"""Posteriors of six tasks of the simulation-based inference benchmark, each against its 10,000 reference samples.

    python3 crate/examples/sbibm/run.py --data FOLDER [--observations 1 2 3] [--out FOLDER] [TASK …]

FOLDER holds a folder for each task, with its observations in folders 1, 2, …, as the benchmark publishes them. The
likelihoods are those of likelihood.py, which needs NumPy. Prints a table at the end.
"""

import argparse
import bz2
import json
import resource
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def normal(d, deviation):
    return "".join(coordinate("normal", i, f"mean = 0.0\ndeviation = {deviation!r}") for i in range(d))


def uniform(d, low, high):
    return "".join(coordinate("uniform", i, f"low = {low!r}\nhigh = {high!r}") for i in range(d))


def coordinate(family, i, parameters):
    return f'[[prior.coordinates]]\nfamily = "{family}"\nname = "parameter_{i + 1}"\n{parameters}\n'


def smooth_normal():
    """N(0, B) with B⁻¹ = 0.5 for the first and FᵀF for the others, F a matrix of second differences."""
    n = 9
    f = [[0.0] * n for _ in range(n)]
    difference = [[(1.0 if i == j else -1.0 if i == j + 1 else 0.0) for j in range(n)] for i in range(n)]
    for i in range(n):
        for j in range(n):
            f[i][j] = sum(difference[i][k] * difference[k][j] for k in range(n))
        f[i][i] += (i / 9) ** 0.5
    precision = [[sum(f[k][i] * f[k][j] for k in range(n)) for j in range(n)] for i in range(n)]
    inner = inverse(precision)
    rows = [[2.0] + [0.0] * n] + [[0.0] + row for row in inner]
    # Rounding leaves the inverse a little asymmetric.
    rows = [[(rows[i][j] + rows[j][i]) / 2 for j in range(n + 1)] for i in range(n + 1)]
    names = ", ".join(f'"parameter_{i + 1}"' for i in range(n + 1))
    return f"names = [{names}]\n[[prior.components]]\nmean = {[0.0] * (n + 1)}\ncovariance = {rows}\n"


def inverse(matrix):
    n = len(matrix)
    rows = [row[:] + [float(i == j) for j in range(n)] for i, row in enumerate(matrix)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for k in range(n):
            if k != i:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i])]
    return [row[n:] for row in rows]


PRIORS = {
    "gaussian_linear": ("marginals", normal(10, 0.1**0.5)),
    "gaussian_linear_uniform": ("marginals", uniform(10, -1.0, 1.0)),
    "gaussian_mixture": ("marginals", uniform(2, -10.0, 10.0)),
    "two_moons": ("marginals", uniform(2, -1.0, 1.0)),
    "slcp": ("marginals", uniform(5, -3.0, 3.0)),
    "bernoulli_glm": ("mixture", smooth_normal()),
}

SETTINGS = (HERE / "settings.toml").read_text()


def description(task, observation, data, reference):
    kind, prior = PRIORS[task]
    folder = data / task / str(observation)
    run = [sys.executable, str(HERE / "likelihood.py"), task, str(folder)]
    return (
        f'name = "{task}-{observation}"\ntask = "points"\n{SETTINGS}\n'
        f'[reference]\nsamples = "{reference}"\n'
        f"[reward]\nkind = \"command\"\nrun = {json.dumps(run)}\n"
        f'[prior]\nkind = "{kind}"\n{prior}'
    )


def unpacked(data, task, observation, out):
    """The reference samples as CSV."""
    path = out / f"{task}-{observation}-reference.csv"
    packed = data / task / str(observation) / "reference_posterior_samples.csv.bz2"
    path.write_bytes(bz2.decompress(packed.read_bytes()))
    return path


def processor_seconds():
    """Of all programs that have ended, with those that they started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--observations", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--out", type=Path, default=Path("runs/sbibm"))
    parser.add_argument("--rtb", default="target/release/rtb")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("tasks", nargs="*", default=list(PRIORS))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    table = []
    for task in args.tasks:
        reports = []
        for observation in args.observations:
            reference = unpacked(args.data, task, observation, args.out)
            path = args.out / f"{task}-{observation}.toml"
            path.write_text(description(task, observation, args.data, reference))
            folder = args.out / f"{task}-{observation}"
            flags = [flag for value in args.set for flag in ("--set", value)]
            command = [args.rtb, "run", str(path), "--out", str(folder), "--allow-commands", *flags]
            before = processor_seconds()
            subprocess.run(command, check=True)
            report = json.loads((folder / "report.json").read_text())
            reports.append(report | {"processor_seconds": processor_seconds() - before})
        table.append((task, reports))
    print("| task | C2ST | 1 of K | log Z − exact | ESS/N | evaluations | processor seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for task, reports in table:
        mean = lambda of: statistics.mean(of(report) for report in reports)
        print(
            f"| {task} | {mean(lambda r: r['c2st']):.3f} | {mean(lambda r: r['chosen']['c2st']):.3f} "
            f"| {mean(lambda r: r['log_z_importance'] - r['log_z_exact']):+.3f} | {mean(lambda r: r['ess']):.3f} "
            f"| {mean(lambda r: r['evaluations']):,.0f} | {mean(lambda r: r['processor_seconds']):.0f} |"
        )


if __name__ == "__main__":
    main()
