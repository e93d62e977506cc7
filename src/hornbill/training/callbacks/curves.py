"""Learning curves, drawn by matplotlib on figures of their own."""

import os
from collections.abc import Mapping

import numpy as np

COLUMNS = 3
# Okabe and Ito's colours, which people with any colour vision tell apart.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


def plot_learning_curves(histories, metrics=None, path: str | os.PathLike | None = None):
    """Draws what `fit` recorded: a panel for each metric, validation as a dashed line.

    Args:
        histories: what `fit` returned, or its `.history`; for several runs in one picture, a dict
            of these by the runs' names.
        metrics: the names of the metrics to draw, in order; all when None.
        path: a file to write the figure to: `.png`, `.svg`, `.pdf`, ...

    Returns:
        The `matplotlib.figure.Figure`, which a notebook shows.

    Raises:
        ImportError: without matplotlib.
        ValueError: where there is nothing to draw, or no such metric.

    >>> import hornbill as hb
    >>> runs = {"slow": {"loss": [3, 2.5, 2]}, "fast": {"loss": [3, 1, 0.5], "val_loss": [3, 2, 2]}}
    >>> figure = hb.visualization.plot_learning_curves(runs)
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['slow', 'fast', 'fast, validation']
    """
    runs = _runs(histories)
    recorded = [name for curves in runs.values() for name in curves]
    known = list(dict.fromkeys(name.removeprefix("val_") for name in recorded))
    shown = known if metrics is None else [metrics] if isinstance(metrics, str) else list(metrics)
    if not shown or not set(shown) <= set(known):
        raise ValueError(
            f"plot_learning_curves draws metrics that fit recorded: {known}. "
            f"Received: metrics={metrics!r}"
        )
    figure, panels = _panels(len(shown))
    for panel, name in zip(panels, shown, strict=True):
        for i, (run, curves) in enumerate(runs.items()):
            color = COLORS[i % len(COLORS)]
            for key, what, style in ((name, "training", "-"), (f"val_{name}", "validation", "--")):
                if key in curves:
                    label = what if run is None else run if style == "-" else f"{run}, {what}"
                    _draw(panel, *curves[key], label, style, color)
        panel.set(title=name, xlabel="epoch")
        panel.grid(alpha=0.3)
        panel.xaxis.get_major_locator().set_params(integer=True)
        if len(panel.lines) > 1:
            panel.legend(fontsize="small")
    if path is not None:
        figure.savefig(os.fspath(path), dpi=150)
    return figure


def _runs(histories) -> dict:
    """`{run: {metric: (epochs, values)}}`; the run is None where there is one without a name."""
    if _is_run(histories):
        return {None: _curves(histories)}
    if isinstance(histories, Mapping) and histories and all(map(_is_run, histories.values())):
        return {str(name): _curves(run) for name, run in histories.items()}
    raise ValueError(
        "plot_learning_curves takes what fit returned, or a dict of these by the runs' names. "
        f"Received: {histories!r}"
    )


def _is_run(run) -> bool:
    if hasattr(run, "history"):
        return isinstance(run.history, Mapping)
    return isinstance(run, Mapping) and bool(run) and all(np.ndim(v) > 0 for v in run.values())


def _curves(run) -> dict:
    curves = getattr(run, "history", run)
    longest = max(map(len, curves.values()), default=0)
    found = {}
    for name, values in curves.items():
        epochs = getattr(run, "epochs_of", {}).get(name)
        if epochs is None or len(epochs) != len(values):
            # A plain dict says no epochs; fewer values come from validation_freq.
            step = longest // max(1, len(values))
            epochs = range(step - 1, step * len(values), step)
        found[name] = np.asarray(epochs) + 1, np.asarray(values, float)
    return found


def _draw(panel, epochs, values, label, style, color) -> None:
    """One curve, or one for each member of a population, thin, under one label."""
    marker = "o" if len(epochs) == 1 else None
    several = values.ndim > 1
    lines = panel.plot(
        epochs,
        values.reshape(len(values), -1),
        style,
        color=color,
        marker=marker,
        linewidth=0.6 if several else 1.5,
    )
    lines[0].set_label(label)


def _panels(count: int):
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError("Learning curves need matplotlib: pip install hornbill[plot]") from None
    columns = min(count, COLUMNS)
    rows = -(-count // columns)
    figure = Figure(figsize=(4 * columns, 3 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for spare in panels[count:]:
        spare.remove()
    return figure, panels[:count]
