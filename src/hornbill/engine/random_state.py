"""The global random generators that users' own code draws from: Python's, NumPy's and torch's."""

import random
import sys

import numpy as np


def random_state() -> dict:
    """Where they stand, as plain data. Torch's is there once something has imported torch."""
    state = {"python": random.getstate(), "numpy": np.random.get_state()}
    if "torch" in sys.modules:
        state["torch"] = sys.modules["torch"].get_rng_state().numpy()
    return state


def set_random_state(state: dict) -> None:
    """Sets the generators to what `random_state` gave."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    if "torch" in state and "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.set_rng_state(torch.from_numpy(state["torch"]))
