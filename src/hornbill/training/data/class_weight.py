"""Weights per class, turned into weights per sample."""

import jax
import numpy as np


def apply_class_weight(class_weight, y, sample_weight, output_names=None):
    """Sample weights from weights per class, and from sample weights that are there already.

    Args:
        class_weight: `{class: weight}` for a single target; for several, a dict by output (or by
            key of `y`) or a list in their order, with None for outputs whose classes count alike.
            Classes that are not named have the weight 1.
        y: the targets: integers, or one-hot along the last axis.
        sample_weight: None, one array for all targets, or one for each in the structure of `y`.
        output_names: the names of the model's outputs, in the order of a list `y`.

    Returns:
        One array for a single target that is not in a dict, else a dict or list like `y`, with
        None for targets without weights.
    """
    several = isinstance(y, (dict, list, tuple))
    if not _is_by_target(class_weight):
        _check(class_weight, "class_weight")
        leaves = jax.tree.leaves(y)
        if len(leaves) != 1:
            raise ValueError(
                f"class_weight={{class: weight}} is for one target, and there are {len(leaves)}. "
                f"Give a dict for each: {{'output': {{class: weight}}}}, or a list of dicts. "
                f"Received: class_weight={class_weight!r}"
            )
        only = jax.tree.leaves(sample_weight)
        return _weights(class_weight, leaves[0], only[0] if only else None)
    parts = _by_key(class_weight, y, output_names)
    if not several:
        return _weights(parts[0], y, sample_weight)
    given = _like(sample_weight, y, output_names)
    if isinstance(y, dict):
        return {key: _weights(parts[key], y[key], given[key]) for key in y}
    return [_weights(*part) for part in zip(parts, y, given, strict=True)]


def _is_by_target(class_weight) -> bool:
    if isinstance(class_weight, dict):
        entries = class_weight.items()
        return any(isinstance(k, str) or v is None or isinstance(v, dict) for k, v in entries)
    return isinstance(class_weight, (list, tuple))


def _by_key(class_weight, y, names):
    """The part of each target: a dict where `y` is one, else a list."""
    parts = class_weight.items() if isinstance(class_weight, dict) else enumerate(class_weight)
    for key, part in parts:
        if part is not None:
            _check(part, f"class_weight[{key!r}]")
    return _matched(class_weight, y, names, "class_weight")


def _matched(setting, y, names, what: str):
    """A setting per target, as a dict where `y` is one, else as a list; None where there is none.

    Raises:
        ValueError: if it names other targets than there are, or has not one for each.
    """
    keys = list(y) if isinstance(y, dict) else list(names or ())
    size = len(y) if isinstance(y, (dict, list, tuple)) else 1
    if isinstance(setting, dict):
        unknown = [key for key in setting if key not in keys]
        if unknown or len(keys) != size:
            raise ValueError(
                f"{what} by output names {unknown or list(setting)}, and the targets are "
                f"{keys or f'{size} without names'}. Use these names, or a list in the order of y."
            )
        found = [setting.get(key) for key in keys]
    elif len(setting) == size and not isinstance(y, dict):
        found = list(setting)
    else:
        raise ValueError(
            f"{what} is a list of {len(setting)}, and the targets are {keys or size}. Give one "
            f"for each target, {'by these names' if isinstance(y, dict) else 'in their order'}."
        )
    return dict(zip(keys, found, strict=True)) if isinstance(y, dict) else found


def _like(sample_weight, y, names):
    """The sample weights of each target; one array serves all."""
    if not isinstance(sample_weight, (dict, list, tuple)):
        return dict.fromkeys(y, sample_weight) if isinstance(y, dict) else [sample_weight] * len(y)
    return _matched(sample_weight, y, names, "sample_weight")


def _check(part, what: str) -> None:
    if not isinstance(part, dict):
        raise ValueError(f"{what} is a dict {{class: weight}}. Received: {what}={part!r}")
    for label, weight in part.items():
        whole = isinstance(label, (int, np.integer)) and not isinstance(label, bool)
        number = isinstance(weight, (int, float, np.number)) and not isinstance(weight, bool)
        if not whole or label < 0 or not number:
            raise ValueError(
                f"{what} is a dict {{class: weight}}: classes are ints from 0, weights numbers. "
                f"Received: {label!r}: {weight!r}"
            )


def _weights(class_weight: dict | None, y, sample_weight):
    """The weights of one target's samples."""
    if class_weight is None:
        return sample_weight
    labels = np.asarray(y)
    if labels.ndim > 1:
        labels = labels.argmax(-1) if labels.shape[-1] > 1 else labels[..., 0]
    classes = np.round(labels).astype(int)
    table = np.ones(max([*class_weight, classes.max(initial=0)]) + 1, dtype="float32")
    for label, weight in class_weight.items():
        table[label] = weight
    weights = np.where(classes < 0, np.float32(1), table[np.maximum(classes, 0)])
    return weights if sample_weight is None else weights * np.asarray(sample_weight)
