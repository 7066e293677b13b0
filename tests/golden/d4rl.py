"""Small files in D4RL's layout, as h5py writes them, into the folder d4rl beside this file (h5py, numpy).

The numbers are those of tests/engine/offline/hdf5.rs: state (3i + j)/8 − 2, action ((7i + 5j) mod 17 − 8)/8, which is
exactly ±1 in some places, reward (i mod 5)/4 − 1/2, positions i + j/2, velocities i − j/4. Of 24 steps, number 9 is
terminal and number 17 the last before a cut; the recording stops within an episode.
"""

from pathlib import Path

import h5py
import numpy as np

FOLDER = Path(__file__).parent / "d4rl"
STEPS, STATES, ACTIONS = 24, 3, 2
TERMINAL, TIMEOUT = 9, 17
CHUNK = (7, 2)


def arrays(kind):
    i, states, actions = np.arange(STEPS)[:, None], np.arange(STATES), np.arange(ACTIONS)
    return {
        "observations": ((3 * i + states) / 8 - 2).astype(kind),
        "actions": (((7 * i + 5 * actions) % 17 - 8) / 8).astype(kind),
        "rewards": ((i[:, 0] % 5) / 4 - 0.5).astype(kind),
        "terminals": i[:, 0] == TERMINAL,
    }


def write(name, data, libver, **how):
    FOLDER.mkdir(exist_ok=True)
    with h5py.File(FOLDER / f"{name}.hdf5", "w", libver=libver) as file:
        for key, values in data.items():
            chunks = CHUNK[: np.ndim(values)]
            file.create_dataset(key, data=values, **({**how, "chunks": chunks} if how and chunks else {}))


timeouts = np.arange(STEPS) == TIMEOUT
i = np.arange(STEPS)[:, None]
simulated = {"infos/qpos": i + np.arange(2) / 2, "infos/qvel": i - np.arange(2) / 4}
# As the published sets: old headers, chunks that cut rows and columns, and more than what is read.
write(
    "chunked",
    {
        **arrays(np.float32),
        "timeouts": timeouts,
        **simulated,
        "infos/action_log_probs": np.zeros(STEPS, np.float32),
        "metadata/algorithm": "SAC",
    },
    "earliest",
    compression="gzip",
    shuffle=True,
)
after = arrays(np.float64)["observations"] + 0.25
write("contiguous", {**arrays(np.float64), "next_observations": after}, "earliest")
numbers = {key: values for key, values in arrays(np.float32).items() if key != "terminals"}
flags = {"terminals": (i[:, 0] == TERMINAL).astype(np.uint8), "timeouts": timeouts.astype(np.float32)}
write("latest", {**numbers, **flags}, ("v110", "v110"), compression="gzip", fletcher32=True)
nan = arrays(np.float32)
nan["rewards"][5] = np.nan
write("nan", nan, "earliest")
outside = arrays(np.float32)
outside["actions"][3, 1] = 1.5
write("outside", outside, "earliest")
write("shape", {**arrays(np.float32), "actions": np.zeros((STEPS - 1, ACTIONS), np.float32)}, "earliest")
write("missing", {key: values for key, values in arrays(np.float32).items() if key != "rewards"}, "earliest")
