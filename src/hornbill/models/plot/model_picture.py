"""`plot_model` and `model_to_dot`: a model's picture."""

import os
import shutil
import sys
from html import escape
from pathlib import Path

from ...layers.base import Layer
from .chart import Show, chart
from .dot import to_dot
from .draw import SPLINES, draw, matplotlib_is_there, measure, svg
from .picture import Picture, arrange

DIRECTIONS = ("TB", "BT", "LR", "RL")
NOTEBOOK_LAYERS = 100  # larger models are shown as their summary, which is easier to read


def plot_model(
    model,
    to_file: str | os.PathLike = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs,
):
    """Draws a model to a file: its layers and ops as boxes, and where data flows between them.

    A functional or Sequential model is drawn as its graph. A subclassed model that was called or
    built is traced, and drawn as the calls of the layers directly inside it; before that, as the
    parts that it has. A layer that is called several times has a box for each call, in a colour of
    its own. Needs matplotlib (`pip install hornbill[plot]`) and no Graphviz; where Graphviz's
    `dot` and the package pydot are there, they draw.

    Args:
        model: the model.
        to_file: the file; its suffix says the format: `.png`, `.svg`, `.pdf`, or another one that
            matplotlib or Graphviz writes. `.dot` holds the graph in Graphviz's language.
        show_shapes: whether boxes say the shapes of inputs and outputs.
        show_dtype: whether they say the dtypes of outputs.
        show_layer_names: whether they say the layers' names.
        rankdir: where data flows: `"TB"` (down), `"BT"`, `"LR"` (to the right) or `"RL"`.
        expand_nested: whether models inside are drawn as frames around their own layers.
        dpi: dots per inch, for formats that have dots.
        show_layer_activations: whether boxes say the activation functions.
        show_trainable: whether boxes of layers with weights say if training changes them.
        splines: how edges run: `"ortho"` (right angles), `"line"` or `"polyline"` (straight),
            `"curved"` or `"spline"`.

    Returns:
        In a notebook, the picture, which the notebook shows; else None.

    Raises:
        ImportError: where nothing that draws is installed.
        TypeError: for what is no model.
        ValueError: for values out of range, and pictures too large for their format.
    """
    show = Show(
        show_shapes,
        show_dtype,
        show_layer_names,
        show_layer_activations,
        show_trainable,
        expand_nested,
    )
    _check("plot_model", model, rankdir, dpi, splines, kwargs)
    format = Path(to_file).suffix.removeprefix(".").lower() or "png"
    with_graphviz = shutil.which("dot") is not None and _pydot_is_there()
    if not (with_graphviz or format == "dot" or matplotlib_is_there()):
        raise ImportError("plot_model needs matplotlib: pip install hornbill[plot]")
    charted = chart(model, show)
    if format == "dot":
        to_dot(charted, rankdir, dpi, splines).write(os.fspath(to_file), format="raw")
    elif with_graphviz:
        to_dot(charted, rankdir, dpi, splines).write(os.fspath(to_file), format=format)
    else:
        _check_format(format)
        draw(arrange(charted, measure, rankdir), os.fspath(to_file), format, dpi, splines)
    return _in_notebook(to_file, format)


def model_to_dot(
    model,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs,
):
    """A model as a graph of the package pydot, for Graphviz.

    Args:
        model: the model.
        show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi: as in `plot_model`.
        show_layer_activations, show_trainable: as in `plot_model`.
        subgraph: whether to return a `pydot.Cluster`, a part of a larger graph.
        splines: Graphviz's attribute: how edges run.

    Returns:
        A `pydot.Dot`; `.to_string()` is its text. With `subgraph=True`, a `pydot.Cluster`.

    Raises:
        ImportError: where pydot is not installed.
        TypeError: for what is no model.
        ValueError: for values out of range.
    """
    show = Show(
        show_shapes,
        show_dtype,
        show_layer_names,
        show_layer_activations,
        show_trainable,
        expand_nested,
    )
    _check("model_to_dot", model, rankdir, dpi, splines, kwargs)
    return to_dot(chart(model, show), rankdir, dpi, splines, model.name if subgraph else None)


def notebook_svg(model) -> str | None:
    """The picture that a notebook shows of a model; None where none can be drawn, or a huge one."""
    if not matplotlib_is_there() or len(model._layers()) > NOTEBOOK_LAYERS:
        return None
    try:
        return svg(picture(model, Show(shapes=True, names=True)))
    except Exception:  # a model is shown in whatever state it is, also in one half made
        return None


def notebook_html(model) -> str | None:
    """The summary that a notebook shows of a model where it shows no picture."""
    if matplotlib_is_there() and len(model._layers()) <= NOTEBOOK_LAYERS:
        return None
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    return f"<pre>{escape(chr(10).join(lines))}</pre>"


def picture(model, show: Show = Show(), rankdir: str = "TB") -> Picture:  # noqa: B008
    """What `plot_model` draws, as plain data: boxes and ways of edges, in points."""
    return arrange(chart(model, show), measure, rankdir)


def _check(who: str, model, rankdir, dpi, splines, unknown) -> None:
    if unknown:
        raise ValueError(f"{who} got unknown arguments: {', '.join(sorted(unknown))}.")
    if not isinstance(model, Layer) or not hasattr(model, "_graph"):
        raise TypeError(
            f"{who} draws a model. Received: {model!r} of type {type(model).__name__}. Put a layer "
            "into a Sequential to see it."
        )
    if rankdir not in DIRECTIONS:
        raise ValueError(f"{who}: rankdir is one of {DIRECTIONS}. Received: rankdir={rankdir!r}")
    if isinstance(dpi, bool) or not isinstance(dpi, (int, float)) or not dpi > 0:
        raise ValueError(f"{who}: dpi is a number above 0. Received: dpi={dpi!r}")
    if splines not in SPLINES:
        raise ValueError(f"{who}: splines is one of {SPLINES}. Received: splines={splines!r}")


def _check_format(format: str) -> None:
    from matplotlib.backend_bases import FigureCanvasBase

    known = sorted(FigureCanvasBase.get_supported_filetypes())
    if format not in known:
        raise ValueError(
            f"plot_model writes {', '.join(known)} and dot; other formats need Graphviz. "
            f"Received: a file with the suffix '.{format}'"
        )


def _pydot_is_there() -> bool:
    try:
        import pydot  # noqa: F401
    except ImportError:
        return False
    return True


def _in_notebook(path, format: str):
    """The file as something that a notebook shows, where this runs in one."""
    if "IPython" not in sys.modules:
        return None
    from IPython import display, get_ipython

    if get_ipython() is None:
        return None
    if format == "svg":
        return display.SVG(filename=os.fspath(path))
    return display.Image(filename=os.fspath(path)) if format in ("png", "jpg", "gif") else None
