"""What a name that is not there says."""

import difflib


def missing(module: str, names, instead: dict[str, str] | None = None):
    """A module's `__getattr__`: an AttributeError that names the nearest name there is.

    Args:
        module: how scripts call the module, as `"tf.math"`.
        names: its names.
        instead: what to write instead of names that are left out on purpose.
    """

    def __getattr__(name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        if instead and name in instead:
            raise AttributeError(f"Hornbill's {module} has no '{name}'. {instead[name]}")
        known = [n for n in names if not n.startswith("_")]
        near = difflib.get_close_matches(name, known, 1, 0.5)
        hint = f" Did you mean {module}.{near[0]}?" if near else ""
        raise AttributeError(f"Hornbill's {module} has no '{name}'.{hint}")

    return __getattr__
