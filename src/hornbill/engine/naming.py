"""Automatic names: `Conv2D` gives `conv2d`, the next one `conv2d_1`."""

import re
from collections import defaultdict

_counts: dict[str, int] = defaultdict(int)


def to_snake_case(name: str) -> str:
    """`"GlobalAveragePooling2D"` becomes `"global_average_pooling2d"`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def unique_name(prefix: str) -> str:
    """`prefix` the first time, then `prefix_1`, `prefix_2`, ... until `reset_names`."""
    n = _counts[prefix]
    _counts[prefix] += 1
    return prefix if n == 0 else f"{prefix}_{n}"


def class_label(cls: type) -> str:
    """The class's name as automatic names and files' paths show it, in snake case.

    A class whose name in Keras is not its public name says the former as `_keras_class`.
    """
    return to_snake_case(getattr(cls, "_keras_class", cls.__name__))


def auto_name(obj) -> str:
    """A fresh name made from the object's class, as Keras makes it."""
    return unique_name(class_label(type(obj)))


class SameNames:
    """Inside each `with`, automatic names start where they stood when this was made.

    So things that are built several times have the same names each time.
    """

    def __init__(self):
        self._start = dict(_counts)

    def __enter__(self):
        self._outer = dict(_counts)
        _counts.clear()
        _counts.update(self._start)

    def __exit__(self, *exc):
        for prefix, n in self._outer.items():
            _counts[prefix] = max(n, _counts[prefix])


def reset_names() -> None:
    """Starts the numbering again (`clear_session` calls this)."""
    _counts.clear()
