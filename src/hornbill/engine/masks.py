"""Which mask belongs to which tensor.

A mask travels beside its tensor, keyed by the tensor's identity and forgotten with it, since
arrays and tracers take no attributes of ours.
"""

import weakref

_masks: dict[int, tuple[weakref.ref, object]] = {}


def set_mask(x, mask) -> None:
    """Attaches `mask` (True where a step counts, None for no mask) to the tensor `x`."""
    key = id(x)
    if mask is None:
        _masks.pop(key, None)
    else:
        # Bound now: when Python ends, tensors may outlive the names of this module.
        forget = _masks.pop
        _masks[key] = (weakref.ref(x, lambda _: forget(key, None)), mask)


def get_mask(x):
    """The mask attached to `x`, or None."""
    entry = _masks.get(id(x))
    return entry[1] if entry is not None and entry[0]() is x else None
