"""Data sets in D4RL's layout (arXiv 2004.07219), made in minutes: recorded steps of a simulated robot.

    pip install "gymnasium[mujoco]" h5py numpy
    python3 crate/examples/d4rl/make.py --environment HalfCheetah-v5 --minutes 8 --out FOLDER

A linear policy tanh(M·s) is found by augmented random search (arXiv 1803.07055) on one core. FOLDER then holds

    NAME-medium.hdf5          steps of the policy that first reached half of the best return, with noise
    NAME-medium-replay.hdf5   steps of all policies on the way there, with noise

The noise is Gaussian, before tanh, of a deviation that is drawn for every episode from --noise. Each file has the
observations, actions, rewards, terminals, timeouts and next_observations, and in infos/qpos and infos/qvel the states
of the simulator. With one --noise, that of one policy has it in metadata/policy. Prints the returns.
"""

import argparse
import json
import time
from pathlib import Path

import gymnasium
import h5py
import mujoco
import numpy as np

# Directions of a step of the search, how many of them count, their length, and the length of a step.
SEARCH = {
    "HalfCheetah-v5": dict(directions=16, best=8, deviation=0.03, rate=0.02, alive=0.0),
    "Hopper-v5": dict(directions=16, best=8, deviation=0.05, rate=0.02, alive=1.0),
}
EPISODE = 1000


class Policy:
    """tanh(M·(s − mean)/deviation)."""

    def __init__(self, matrix, mean, deviation):
        self.matrix, self.mean, self.deviation = matrix, mean, deviation

    def action(self, state, noise=0.0):
        return np.tanh(self.matrix @ ((state - self.mean) / self.deviation) + noise)

    def told(self, noise):
        """Its weights as the published sets have theirs: tanh of a Gaussian, here without hidden layers."""
        weight = self.matrix / self.deviation
        layers = {"last_fc": (weight, -weight @ self.mean), "last_fc_log_std": (0 * weight, np.full(len(weight), np.log(noise)))}
        told = {f"policy/{name}/{key}": value for name, pair in layers.items() for key, value in zip(["weight", "bias"], pair)}
        return {**told, "policy/output_distribution": "tanh_gaussian"}


class Moments:
    """Running mean and deviation of states."""

    def __init__(self, size):
        self.count, self.sum, self.squares = 1e-3, np.zeros(size), np.full(size, 1e-3)

    def add(self, states):
        self.count += len(states)
        self.sum += states.sum(0)
        self.squares += (states**2).sum(0)

    def both(self):
        mean = self.sum / self.count
        return mean, np.sqrt(np.maximum(self.squares / self.count - mean**2, 1e-4))


def rollout(env, policy, seed, moments=None, alive=0.0):
    """The return of an episode, less a bonus for every step that it lasts."""
    state, _ = env.reset(seed=seed)
    total, seen, over = 0.0, [], False
    while not over:
        seen.append(state)
        state, reward, terminal, timeout, _ = env.step(policy.action(state))
        total += reward - alive
        over = terminal or timeout
    if moments is not None:
        moments.add(np.array(seen))
    return total


def searched(name, minutes, seed):
    """The policies of all steps of the search, with their returns."""
    setting = SEARCH[name]
    env = gymnasium.make(name, max_episode_steps=EPISODE)
    states, actions = env.observation_space.shape[0], env.action_space.shape[0]
    rng = np.random.default_rng(seed)
    matrix, moments = np.zeros((actions, states)), Moments(states)
    begun, found, episode = time.time(), [], 0
    while time.time() - begun < 60 * minutes:
        mean, deviation = moments.both()
        around = rng.standard_normal((setting["directions"], actions, states))
        returns = np.zeros((len(around), 2))
        for at, direction in enumerate(around):
            episode += 1
            for side, sign in enumerate((1, -1)):
                moved = Policy(matrix + sign * setting["deviation"] * direction, mean, deviation)
                returns[at, side] = rollout(env, moved, 1000 * seed + episode, moments, setting["alive"])
        best = np.argsort(-returns.max(1))[: setting["best"]]
        spread = returns[best].std() + 1e-6
        step = ((returns[best, 0] - returns[best, 1])[:, None, None] * around[best]).mean(0)
        matrix = matrix + setting["rate"] / spread * step
        policy = Policy(matrix.copy(), *moments.both())
        found.append((policy, rollout(env, policy, 10**6 + seed)))
        if len(found) % 10 == 0:
            print(f"step {len(found)}: return {found[-1][1]:.0f}, {time.time() - begun:.0f} s", flush=True)
    return found


def recorded(name, policies, steps, noises, seed):
    """So many steps of policies in turn, as arrays by D4RL's keys."""
    env = gymnasium.make(name, max_episode_steps=EPISODE)
    rng = np.random.default_rng(seed)
    keys = "observations actions rewards next_observations terminals timeouts infos/qpos infos/qvel".split()
    data, returns = {key: [] for key in keys}, []
    episode = 0
    while len(data["rewards"]) < steps:
        policy = policies[episode * len(policies) // max(1, steps // EPISODE) % len(policies)]
        deviation = noises[rng.integers(len(noises))]
        state, _ = env.reset(seed=10**7 + 10**4 * seed + episode)
        episode, total, over = episode + 1, 0.0, False
        while not over:
            simulator = env.unwrapped.data
            data["infos/qpos"].append(simulator.qpos.copy())
            data["infos/qvel"].append(simulator.qvel.copy())
            action = policy.action(state, deviation * rng.standard_normal(env.action_space.shape[0]))
            after, reward, terminal, timeout, _ = env.step(action)
            step = dict(observations=state, actions=action, rewards=reward, next_observations=after)
            for key, value in {**step, "terminals": terminal, "timeouts": timeout and not terminal}.items():
                data[key].append(value)
            state, total, over = after, total + reward, terminal or timeout
        returns.append(total)
    kinds = {"terminals": bool, "timeouts": bool, "infos/qpos": np.float64, "infos/qvel": np.float64}
    arrays = {key: np.array(values, dtype=kinds.get(key, np.float32)) for key, values in data.items()}
    return arrays, returns


def write(path, arrays, told):
    fresh = path.with_suffix(".tmp")
    with h5py.File(fresh, "w", libver="earliest") as file:
        for key, values in arrays.items():
            file.create_dataset(key, data=values, compression="gzip", chunks=True)
        for key, value in told.items():
            file[f"metadata/{key}"] = value
    fresh.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", choices=sorted(SEARCH), default="HalfCheetah-v5")
    parser.add_argument("--minutes", type=float, default=8, help="time of the search")
    parser.add_argument("--steps", type=int, default=200_000, help="steps of each set")
    parser.add_argument("--noise", type=float, nargs="+", default=[0.05, 0.1, 0.2, 0.4], help="deviations of the noise")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="folder of the files")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    found = searched(args.environment, args.minutes, args.seed)
    best = max(value for _, value in found)
    half = next(at for at, (_, value) in enumerate(found) if value >= best / 2)
    print(f"best return {best:.0f} in {len(found)} steps; medium: step {half + 1}, return {found[half][1]:.0f}")
    sets = {"medium": [found[half][0]], "medium-replay": [policy for policy, _ in found[: half + 1]]}
    for name, policies in sets.items():
        arrays, returns = recorded(args.environment, policies, args.steps, args.noise, args.seed)
        path = args.out / f"{args.environment.split('-')[0].lower()}-{name}.hdf5"
        told = {"environment": args.environment, "mujoco": mujoco.__version__, "noise": args.noise}
        policy = policies[0].told(args.noise[0]) if len(policies) == len(args.noise) == 1 else {}
        write(path, arrays, {**told, **policy})
        told.update(steps=len(arrays["rewards"]), episodes=len(returns), best_return=best)
        told.update(mean_return=np.mean(returns), lowest=min(returns), highest=max(returns))
        print(path.name, json.dumps(told))


if __name__ == "__main__":
    main()
