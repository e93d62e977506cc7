"""The global random generators that data and callbacks of a user's own may draw from."""

import random

import numpy as np


def random_state() -> dict:
    """Where Python's and NumPy's global random generators stand."""
    return {"python": random.getstate(), "numpy": np.random.get_state()}


def set_random_state(state: dict) -> None:
    """Sets both generators to what `random_state` gave."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
