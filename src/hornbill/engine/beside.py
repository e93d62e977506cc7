"""What belongs to a tensor and travels beside it: its mask, the logits it was made from.

Arrays and tracers take no attributes of ours, so it is kept by the tensor's identity, and
forgotten with the tensor.
"""

import contextlib
import weakref
from contextvars import ContextVar


class Beside:
    """Values tied to tensors."""

    def __init__(self):
        self._entries: dict[int, tuple[weakref.ref, object]] = {}

    def set(self, x, value) -> None:
        """Ties `value` to the tensor `x`; None unties what was there."""
        key = id(x)
        if value is None:
            self._entries.pop(key, None)
        else:
            # Bound now: when Python ends, tensors may outlive the names of this module.
            forget = self._entries.pop
            self._entries[key] = (weakref.ref(x, lambda _: forget(key, None)), value)

    def get(self, x):
        """What is tied to `x`, or None."""
        entry = self._entries.get(id(x))
        return entry[1] if entry is not None and entry[0]() is x else None


_masks, _logits = Beside(), Beside()

# The mask of a tensor: True where a step counts, None for no mask.
set_mask, get_mask = _masks.set, _masks.get

_keeps_logits: ContextVar[bool] = ContextVar("hornbill_keeps_logits", default=False)


@contextlib.contextmanager
def keep_logits():
    """For the length of a model's step, probabilities remember the logits they were made from.

    So a cross-entropy after a softmax or sigmoid is computed from the logits: exact where the
    probability is rounded to 0 or 1, and its gradient a difference instead of a quotient.
    """
    token = _keeps_logits.set(True)
    try:
        yield
    finally:
        _keeps_logits.reset(token)


def made_from_logits(probabilities, logits, kind: str):
    """The probabilities, which inside `keep_logits` remember their logits.

    Args:
        kind: `"softmax"` (along the last axis) or `"sigmoid"`.
    """
    if _keeps_logits.get():
        _logits.set(probabilities, (kind, logits))
    return probabilities


def logits_of(probabilities, kind: str):
    """The logits that the probabilities were made from in this way, inside `keep_logits`."""
    if not _keeps_logits.get():
        return None
    known, logits = _logits.get(probabilities) or (None, None)
    return logits if known == kind else None
