"""The order of an epoch: drawn from NumPy's global generator, as in Keras, and drawn again."""

import numpy as np


class EpochOrder:
    """Draws the order of each epoch and can tell, as plain data, how to draw it again.

    Attributes:
        note: NumPy's random state before the last draw, as JSON can hold it; None before the first.
    """

    def __init__(self):
        self.note: list | None = None
        self._again = False

    def generator(self):
        """What draws the next order: NumPy's global generator, once after `again` another."""
        if self._again:
            self._again = False
            return _generator_from(self.note)
        kind, keys, *rest = np.random.get_state()
        self.note = [kind, keys.astype("<u4").tobytes().hex(), *rest]
        return np.random

    def again(self, note: list | None) -> None:
        """The next order is the one that was drawn when `note` was taken."""
        self.note, self._again = note, note is not None


def _generator_from(note: list) -> np.random.RandomState:
    try:
        kind, keys, *rest = note
        generator = np.random.RandomState()
        generator.set_state((kind, np.frombuffer(bytes.fromhex(keys), "<u4"), *rest))
    except (TypeError, ValueError, KeyError):
        raise ValueError(
            "set_state takes what get_state gave: the note of an epoch's order is damaged."
        ) from None
    return generator
