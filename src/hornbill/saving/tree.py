"""What of a model goes into a file, and under which path.

The paths are Keras 3's: attribute names in alphabetical order (private ones last), a list's or
dict's members by their class's name, each object once, under the first path that reaches it.
"""

from ..engine.naming import class_label
from ..engine.tracking import Trackable
from ..layers import Layer
from ..metrics import Metric
from ..models import Model
from ..optimizers import Optimizer

SAVED = (Layer, Metric, Optimizer)

# A plain layer's or model's own attributes hold nothing to save.
_INTERNAL = {"_graph", "_sequence", "_runners", "_compile_loss", "_compile_metrics"}
_INTERNAL |= {"_loss_tracker", "_compile_settings", "history", "loss"} | Trackable._untracked


def saveables(root, with_optimizer: bool = True) -> list[tuple[str, object]]:
    """`[(path, object)]` for the root (path `""`) and all below it that have state."""
    found: list[tuple[str, object]] = []
    visited: set[int] = set()

    def visit(thing, path):
        if id(thing) in visited:
            return
        visited.add(id(thing))
        found.append((path, thing))
        for name, child in _children(thing):
            if isinstance(child, Optimizer) and not with_optimizer:
                continue
            if isinstance(child, SAVED):
                visit(child, _join(path, name))
            elif isinstance(child, (list, tuple, set, dict)):
                visit_container(child, _join(path, name))

    def visit_container(container, path):
        used: dict[str, int] = {}
        for child in container.values() if isinstance(container, dict) else container:
            if isinstance(child, SAVED):
                visit(child, _join(path, _unique(class_label(type(child)), used)))
            elif isinstance(child, (list, tuple, dict)):
                visit_container(child, _join(path, _unique("container", used)))

    visit(root, "")
    return found


def _children(thing):
    names = [n for n in vars(thing) if n not in _INTERNAL and not n.startswith("__")]
    if isinstance(thing, Model):
        own = thing._graph is not None or hasattr(thing, "_sequence")
        if own:
            # A functional or Sequential model's layers come before attributes that repeat them.
            yield "layers", thing.layers
        else:
            names.append("layers")
    for name in sorted(names, key=lambda n: (n.startswith("_"), n)):
        yield name, getattr(thing, name)


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _unique(name: str, used: dict[str, int]) -> str:
    count = used.get(name, 0)
    used[name] = count + 1
    return name if count == 0 else f"{name}_{count}"
