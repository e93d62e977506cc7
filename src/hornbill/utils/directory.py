"""Folders of labelled files as datasets: what images, texts and sounds have in common."""

import os
from collections.abc import Callable

import numpy as np

from ..training.callbacks.callback import write
from ..training.data.dataset import Dataset

LABEL_MODES = ("int", "categorical", "binary", None)
SUBSETS = ("training", "validation", "both", None)

# Threads that read files.
WORKERS = min(8, os.cpu_count() or 1)


def directory_dataset(
    who: str,
    directory,
    *,
    load: Callable,
    formats: tuple[str, ...],
    labels,
    label_mode: str | None,
    class_names,
    batch_size: int | None,
    shuffle: bool,
    seed: int | None,
    validation_split: float | None,
    subset: str | None,
    follow_links: bool,
    verbose: bool,
    collate: Callable | None = None,
):
    """The dataset of a folder's files, with `load(path)` and the label as elements.

    The files are put in order, then (with `shuffle`) permuted as Keras permutes them, then cut
    into training and validation: the same seed gives Keras's parts.

    Returns:
        A Dataset; for `subset="both"` a list of two.
    """
    _check_labels(who, labels, label_mode, class_names)
    _check_split(who, validation_split, subset, shuffle, seed)
    if label_mode is None:
        labels = None
    seed = np.random.randint(1_000_000) if seed is None else seed
    paths, labels, class_names = list_files(
        who, directory, labels, formats, class_names, follow_links
    )
    if label_mode == "binary" and labels is not None and len(class_names) != 2:
        raise ValueError(
            f"{who}: label_mode='binary' is for two classes. Received: classes {class_names}"
        )
    if verbose:
        belonging = "" if labels is None else f" belonging to {len(class_names)} classes"
        write(f"Found {len(paths)} files{belonging}.")
    if shuffle:
        order = np.arange(len(paths))
        np.random.RandomState(seed).shuffle(order)
        paths = [paths[i] for i in order]
        labels = None if labels is None else labels[order]

    def build(part, shuffled):
        where = _part(len(paths), validation_split, part)
        files, targets = paths[where], None if labels is None else labels[where]
        if not files:
            raise ValueError(
                f"{who} found no {part or ''} files in '{directory}'. It reads files that end in "
                f"{', '.join(formats)}. Received: {len(paths)} files in all, "
                f"validation_split={validation_split}"
            )
        if verbose and part:
            write(f"Using {len(files)} files for {part}.")
        if targets is None:
            data = Dataset.from_arrays(np.array(files))
        else:
            encoded = encode_labels(targets, label_mode, len(class_names))
            data = Dataset.from_arrays((np.array(files), encoded))
        data.class_names, data.file_paths = class_names, files
        if shuffled:
            data = data.shuffle(seed=seed)
        data = data.map(lambda path, *label: (load(path), *label) if label else load(path), WORKERS)
        return data if batch_size is None else data.batch(batch_size, collate=collate).prefetch()

    if subset == "both":
        return [build("training", shuffle), build("validation", False)]
    return build(subset, shuffle)


def _check_labels(who, labels, label_mode, class_names):
    if label_mode not in LABEL_MODES:
        raise ValueError(
            f"{who}'s label_mode is 'int', 'categorical', 'binary' or None. "
            f"Received: label_mode={label_mode!r}"
        )
    if labels is not None and labels != "inferred" and not isinstance(labels, (list, tuple)):
        raise ValueError(
            f"{who}'s labels is 'inferred' (from the folders' names), None, or a list of ints, one "
            f"for each file in the order of their paths. Received: labels={labels!r}"
        )
    if class_names is not None and labels != "inferred":
        raise ValueError(
            f"{who}: class_names goes with labels='inferred'. "
            f"Received: class_names={class_names!r}, labels={labels!r}"
        )


def _check_split(who, validation_split, subset, shuffle, seed):
    if subset not in SUBSETS:
        raise ValueError(
            f"{who}'s subset is 'training', 'validation', 'both' or None. "
            f"Received: subset={subset!r}"
        )
    if validation_split is not None and not 0 <= validation_split < 1:
        raise ValueError(
            f"{who}'s validation_split is between 0 and 1. "
            f"Received: validation_split={validation_split!r}"
        )
    if bool(validation_split) != bool(subset):
        raise ValueError(
            f"{who}: validation_split and subset go together. "
            f"Received: validation_split={validation_split!r}, subset={subset!r}"
        )
    if validation_split and shuffle and seed is None:
        raise ValueError(
            f"{who}: a split of shuffled files needs a seed, or the training and the validation "
            "part would overlap. Pass seed=, or shuffle=False. Received: seed=None"
        )


def _part(size, validation_split, part) -> slice:
    held_out = int((validation_split or 0) * size)
    if part is None:
        return slice(None)
    return slice(size - held_out) if part == "training" else slice(size - held_out, None)


def list_files(who, directory, labels, formats, class_names=None, follow_links=False):
    """All files of the formats below a folder, their labels and the names of the classes.

    Returns:
        `(paths, labels, class_names)`: the paths class by class, in alphabetical order; labels
        as an int32 array, or None; the names, None without labels.
    """
    directory = os.fspath(directory)
    if not os.path.isdir(directory):
        raise ValueError(f"{who} reads a folder. Received: directory={directory!r}")
    if labels != "inferred":
        paths = _walk(directory, formats, follow_links)
        if labels is None:
            return paths, None, None
        if len(labels) != len(paths):
            raise ValueError(
                f"{who} needs a label for each of the {len(paths)} files in '{directory}'. "
                f"Received: {len(labels)} labels"
            )
        return paths, np.asarray(labels), [str(label) for label in sorted(set(labels))]
    folders = sorted(e.name for e in os.scandir(directory) if e.is_dir() and e.name[0] != ".")
    if class_names is not None and not set(class_names) <= set(folders):
        raise ValueError(
            f"{who}'s class_names are names of folders in '{directory}': {folders}. "
            f"Received: class_names={class_names!r}"
        )
    class_names = folders if class_names is None else list(class_names)
    found = [_walk(os.path.join(directory, name), formats, follow_links) for name in class_names]
    classes = np.repeat(np.arange(len(found), dtype="int32"), [len(files) for files in found])
    return [path for files in found for path in files], classes, class_names


def _walk(directory, formats, follow_links) -> list[str]:
    return [
        os.path.join(root, name)
        for root, _, names in sorted(os.walk(directory, followlinks=follow_links))
        for name in sorted(names)
        if name.lower().endswith(formats)
    ]


def encode_labels(labels, label_mode: str, classes: int) -> np.ndarray:
    """Labels as int32, as a float32 column, or as float32 one-hot rows."""
    if label_mode == "binary":
        return np.asarray(labels, "float32")[:, None]
    if label_mode == "categorical":
        return np.eye(classes, dtype="float32")[labels]
    return np.asarray(labels, "int32")


def check_format(who: str, format) -> None:
    """Keras's choice between tf.data and grain: here both scripts get a `Dataset`."""
    if format != "tf":
        raise ValueError(
            f"{who} returns Hornbill's own Dataset, which needs neither TensorFlow nor grain: "
            f"leave format out. Received: format={format!r}"
        )
