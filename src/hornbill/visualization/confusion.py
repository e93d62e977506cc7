"""Confusion matrices: how often a class was taken for another one."""

import os

import numpy as np

from ..engine.operation import convert_to_numpy


def confusion_matrix(y_true, y_pred, num_classes: int | None = None) -> np.ndarray:
    """Counts how often each class (a row) was predicted as each class (a column).

    Args:
        y_true: the classes, as integers `(n,)` or `(n, 1)` or one-hot `(n, classes)`.
        y_pred: the predicted ones, in the same forms; of probabilities or logits
            `(n, classes)` the largest counts.
        num_classes: how many; as many as appear when None.

    Returns:
        Integers of shape `(num_classes, num_classes)`.

    Raises:
        ValueError: for classes out of range, and numbers of rows that differ.

    >>> import hornbill as hb
    >>> hb.visualization.confusion_matrix([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]).tolist()
    [[1, 0], [1, 1]]
    """
    true, predicted = _classes("y_true", y_true), _classes("y_pred", y_pred)
    if len(true) != len(predicted):
        raise ValueError(
            "confusion_matrix takes as many predictions as labels. "
            f"Received: {len(true)} labels, {len(predicted)} predictions"
        )
    if num_classes is None:
        columns = [np.shape(y)[1] for y in (y_true, y_pred) if np.ndim(y) == 2]
        num_classes = max([*columns, *(1 + true), *(1 + predicted), 0])
    for name, classes in (("y_true", true), ("y_pred", predicted)):
        if len(classes) and not 0 <= classes.min() <= classes.max() < num_classes:
            raise ValueError(
                f"confusion_matrix: {name} holds classes from {classes.min()} to {classes.max()}; "
                f"num_classes={num_classes} wants 0 to {num_classes - 1}."
            )
    counts = np.zeros((num_classes, num_classes), int)
    np.add.at(counts, (true, predicted), 1)
    return counts


def plot_confusion_matrix(
    y_true,
    y_pred,
    labels: list[str] | None = None,
    normalize: bool = False,
    path: str | os.PathLike | None = None,
):
    """Draws a confusion matrix: true classes as rows, predicted ones as columns.

    Args:
        y_true, y_pred: as in `confusion_matrix`.
        labels: the classes' names, in order.
        normalize: whether cells show parts of their row (0 to 1) instead of counts.
        path: a file to write the figure to: `.png`, `.svg`, `.pdf`, ...

    Returns:
        The `matplotlib.figure.Figure`, which a notebook shows.

    Raises:
        ImportError: without matplotlib.
        ValueError: as `confusion_matrix`.
    """
    counts = confusion_matrix(y_true, y_pred, None if labels is None else len(labels))
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError(
            "plot_confusion_matrix needs matplotlib: pip install hornbill[plot]"
        ) from None
    names = [str(name) for name in (range(len(counts)) if labels is None else labels)]
    parts = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 2 + 0.45 * len(counts)
    figure = Figure(figsize=(size + 0.5, size), layout="constrained")
    axes = figure.subplots()
    axes.imshow(parts, cmap="Blues", vmin=0, vmax=1)
    for (row, column), part in np.ndenumerate(parts):
        text = f"{part:.2f}" if normalize else str(counts[row, column])
        color = "white" if part > 0.5 else "black"
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize="small")
    places = range(len(names))
    turn = {"rotation": 45, "ha": "right"} if max(map(len, names), default=0) > 3 else {}
    axes.set_xticks(places, names, **turn)
    axes.set_yticks(places, names)
    axes.set(xlabel="predicted", ylabel="true")
    if path is not None:
        figure.savefig(os.fspath(path), dpi=150)
    return figure


def _classes(name: str, y) -> np.ndarray:
    y = convert_to_numpy(y)
    if y.ndim == 2 and y.shape[1] > 1:
        return y.argmax(axis=1)
    flat = y.reshape(-1)
    if y.ndim > 2 or not np.array_equal(flat, np.trunc(flat)):
        raise ValueError(
            f"confusion_matrix: {name} holds classes (whole numbers), one-hot rows or rows of "
            f"probabilities. Received: {name} of shape {y.shape} and dtype {y.dtype}. Compare one "
            "probability with 0.5 first."
        )
    return flat.astype(int)
