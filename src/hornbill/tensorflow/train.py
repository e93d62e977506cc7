"""`tf.train`: checkpoints of models, optimizers and variables, which are `.safetensors` files;
and `tf.train.Example`.
"""

import os
import re

import numpy as np

from ..engine.atomic import atomic_path
from ..engine.variable import Variable as Cell
from ..saving.safetensors import SUFFIX, read_state, write_state
from .example import BytesList, Example, Feature, Features, FloatList, Int64List
from .missing import missing
from .tensor import Variable, unwrap

__all__ = [
    "BytesList",
    "Checkpoint",
    "CheckpointManager",
    "Example",
    "Feature",
    "Features",
    "FloatList",
    "Int64List",
    "latest_checkpoint",
]


class _Status:
    """What `restore` gives: a restore that did not fit has raised already."""

    def assert_consumed(self):
        return self

    assert_existing_objects_matched = expect_partial = assert_consumed


class Checkpoint:
    """The state of objects under names, which files keep.

    Args:
        root: an object that goes without a name.
        kwargs: objects with variables (models, layers, optimizers, metrics, generators,
            `tf.Module`s), or variables.

    >>> import hornbill.tensorflow as tf, tempfile
    >>> v = tf.Variable(1.0)
    >>> checkpoint = tf.train.Checkpoint(v=v)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = checkpoint.save(f"{folder}/ckpt")
    ...     _ = v.assign(5.0)
    ...     _ = checkpoint.restore(path)
    >>> float(v)
    1.0
    """

    def __init__(self, root=None, **kwargs):
        self._objects = ({} if root is None else {"root": root}) | kwargs
        vars(self).update(kwargs)
        self.save_counter = Variable(0, trainable=False)

    def _variables(self) -> dict[str, Cell]:
        found = {"save_counter/0": self.save_counter}
        for name, thing in self._objects.items():
            for i, variable in enumerate(_variables_of(thing, name)):
                found[f"{name}/{i}"] = variable
        return found

    def write(self, file_prefix, options=None) -> str:
        """Writes a file at that path, plus its suffix. `options` must be None."""
        _none("Checkpoint.write", options)
        path = os.fspath(file_prefix)
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        arrays = {k: np.asarray(v._stored()) for k, v in self._variables().items()}
        with atomic_path(path + SUFFIX) as temporary:
            write_state(temporary, _grouped(arrays))
        return path

    def save(self, file_prefix, options=None) -> str:
        """`write` at `file_prefix-n`, n counting up. Returns this path."""
        self.save_counter.assign_add(1)
        return self.write(f"{os.fspath(file_prefix)}-{int(self.save_counter)}", options)

    def read(self, save_path, options=None) -> _Status:
        """Sets all variables from a file, or none.

        Raises:
            ValueError: if the file does not hold just these, with these shapes. A model must be
                built first, and so must an optimizer (`optimizer.build(variables)`).
        """
        _none("Checkpoint.read", options)
        path = os.fspath(save_path).removesuffix(SUFFIX) + SUFFIX
        stored = {
            f"{owner}/{key}": value
            for owner, store in read_state(path).items()
            for key, value in store.items()
        }
        mine = self._variables()
        wrong = sorted(stored.keys() ^ mine.keys())
        wrong += [k for k in mine.keys() & stored.keys() if stored[k].shape != mine[k].shape]
        if wrong:
            raise ValueError(
                f"'{path}' does not fit: {', '.join(wrong[:5])} differ. Build models and "
                "optimizers before restoring, as they were when it was saved. "
                f"Received: {len(stored)} variables in the file, {len(mine)} here"
            )
        values = {k: stored[k].read() for k in mine}
        for key, variable in mine.items():
            variable.assign(values[key])
        return _Status()

    def restore(self, save_path, options=None) -> _Status:
        """`read`; nothing happens when the path is None, as `latest_checkpoint` may give it."""
        return _Status() if save_path is None else self.read(save_path, options)


def _grouped(arrays: dict):
    groups: dict[str, dict] = {}
    for key, array in arrays.items():
        owner, _, number = key.rpartition("/")
        groups.setdefault(owner, {})[number] = array
    return groups.items()


def _variables_of(thing, name: str) -> list[Cell]:
    if isinstance(thing, Cell):
        return [thing]
    if isinstance(thing, (list, tuple)):
        return [v for part in thing for v in _variables_of(part, name)]
    found = getattr(thing, "variables", None)
    if found is None:
        raise TypeError(
            f"Checkpoint takes objects with variables. Received: {name}={type(thing).__name__}"
        )
    return list(found)


def _none(who: str, options) -> None:
    if options is not None:
        raise ValueError(f"{who} takes no options. Received: options={options!r}")


def latest_checkpoint(checkpoint_dir, latest_filename=None) -> str | None:
    """The path of the checkpoint with the highest number in a folder, None if there is none."""
    if latest_filename is not None:
        raise ValueError("latest_checkpoint looks at the numbers of files: no latest_filename.")
    found = _numbered(os.fspath(checkpoint_dir), r".*")
    return found[-1] if found else None


def _numbered(folder: str, name: str) -> list[str]:
    if not os.path.isdir(folder):
        return []
    pattern = re.compile(rf"({name})-(\d+){re.escape(SUFFIX)}")
    matches = [m for m in map(pattern.fullmatch, os.listdir(folder)) if m]
    matches.sort(key=lambda m: int(m[2]))
    return [os.path.join(folder, m[0].removesuffix(SUFFIX)) for m in matches]


class CheckpointManager:
    """Saves a `Checkpoint` into a folder and keeps the last few.

    Args:
        checkpoint: what to save.
        directory: the folder.
        max_to_keep: how many files stay; all when None.
        checkpoint_name: how they begin.
    """

    def __init__(
        self, checkpoint: Checkpoint, directory, max_to_keep: int | None, checkpoint_name="ckpt"
    ):
        self.checkpoint, self.directory = checkpoint, os.fspath(directory)
        self.max_to_keep, self.checkpoint_name = max_to_keep, checkpoint_name

    @property
    def checkpoints(self) -> list[str]:
        """The paths of those that are there, the oldest first."""
        return _numbered(self.directory, re.escape(self.checkpoint_name))

    @property
    def latest_checkpoint(self) -> str | None:
        """The path of the last one."""
        return self.checkpoints[-1] if self.checkpoints else None

    def save(self, checkpoint_number=None) -> str:
        """Saves, by a number that counts up or the one given, and deletes what is too old."""
        prefix = os.path.join(self.directory, self.checkpoint_name)
        if checkpoint_number is None:
            path = self.checkpoint.save(prefix)
        else:
            path = self.checkpoint.write(f"{prefix}-{int(unwrap(checkpoint_number))}")
        if self.max_to_keep is not None:
            for old in self.checkpoints[: -self.max_to_keep]:
                os.remove(old + SUFFIX)
        return path

    def restore_or_initialize(self) -> str | None:
        """Restores the last one. Returns its path, None if there is none."""
        self.checkpoint.restore(self.latest_checkpoint)
        return self.latest_checkpoint


__getattr__ = missing("tf.train", globals())
