"""Small sets of steps of the robots of D4RL, as Gymnasium has them, into the folder d4rl beside this file.

    pip install "gymnasium[mujoco]" h5py numpy
    python tests/golden/robots.py

Each file has three episodes: from a first state; with random actions from one that is fast, whose velocities are
clipped; and from one in the air, upside down. metadata/policy is a random network in the layout of the published sets; the
actions of the first episode are one deviation above its means.
"""

from pathlib import Path

import gymnasium
import h5py
import mujoco
import numpy as np

FOLDER = Path(__file__).parent / "d4rl"
ROBOTS = {"halfcheetah": "HalfCheetah-v4", "hopper": "Hopper-v4", "walker2d": "Walker2d-v4"}
STEPS, WIDTH = 25, 8


def network(rng, states, actions):
    sizes = {"fc0": (WIDTH, states), "fc1": (WIDTH, WIDTH), "last_fc": (actions, WIDTH), "last_fc_log_std": (actions, WIDTH)}
    layers = {}
    for name, (outputs, inputs) in sizes.items():
        layers[f"{name}/weight"] = (rng.standard_normal((outputs, inputs)) / np.sqrt(inputs)).astype(np.float32)
        layers[f"{name}/bias"] = (0.5 * rng.standard_normal(outputs)).astype(np.float32)
    # One deviation is below what is allowed.
    layers["last_fc_log_std/bias"][0] = -40
    return layers


def law(layers, state):
    layer = lambda name, x: layers[f"{name}/weight"].astype(np.float64) @ x + layers[f"{name}/bias"]
    x = np.maximum(layer("fc1", np.maximum(layer("fc0", state), 0)), 0)
    return layer("last_fc", x), np.clip(layer("last_fc_log_std", x), -20, 2)


for name, environment in ROBOTS.items():
    rng = np.random.default_rng(0)
    env = gymnasium.make(environment).unwrapped
    size = env.action_space.shape[0]
    layers = network(rng, env.observation_space.shape[0], size)
    keys = "observations actions rewards next_observations terminals timeouts".split()
    keys += ["infos/qpos", "infos/qvel"]
    data = {key: [] for key in keys}
    for episode in range(3):
        state, _ = env.reset(seed=episode)
        qpos, qvel = env.data.qpos.copy(), env.data.qvel.copy()
        if episode == 1:
            qvel[3:] += 12 * rng.choice([-1, 1], len(qvel) - 3)
        if episode == 2:
            qpos[1:3] += [0.5, np.pi]
            qvel[-1] = 400
        env.set_state(qpos, qvel)
        state = env._get_obs()
        for step in range(STEPS):
            mean, log_std = law(layers, state.astype(np.float32))
            action = np.tanh(mean + np.exp(log_std))
            if episode > 0:
                action = rng.uniform(-1, 1, size)
            action = action.astype(np.float32).astype(np.float64)
            before = [env.data.qpos.copy(), env.data.qvel.copy()]
            after, reward, terminal, _, _ = env.step(action)
            timeout = step + 1 == STEPS and not terminal
            for key, value in zip(keys, [state, action, reward, after, terminal, timeout, *before]):
                data[key].append(value)
            state = after
            if terminal:
                break
    with h5py.File(FOLDER / f"{name}.hdf5", "w", libver="earliest") as file:
        for key, values in data.items():
            file.create_dataset(key, data=np.array(values), compression="gzip", chunks=True)
        file["metadata/environment"] = environment
        file["metadata/mujoco"] = mujoco.__version__
        file["metadata/policy/nonlinearity"] = np.bytes_("relu")
        file["metadata/policy/output_distribution"] = np.bytes_("tanh_gaussian")
        for key, values in layers.items():
            file[f"metadata/policy/{key}"] = values
    lengths = np.diff(np.flatnonzero(np.array(data["terminals"]) | data["timeouts"]), prepend=-1)
    print(name, "steps of the episodes:", lengths, "ended:", int(sum(data["terminals"])))
