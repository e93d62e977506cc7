"""Pictures of models: nothing overlaps, edges end at boxes and say what flows where."""

import functools
import os
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hornbill as hb
from hornbill.models.plot.chart import Show, chart
from hornbill.models.plot.draw import figure
from hornbill.models.plot.layout import layout
from hornbill.models.plot.model_picture import picture

from .plotted import SIX, Branches, nested, several_inputs

EVERYTHING = Show(True, True, True, True, True, True)
CACHED = {name: functools.cache(make) for name, make in SIX.items()}


def overlap(a, b) -> bool:
    return (
        min(a.x + a.width, b.x + b.width) - max(a.x, b.x) > 1e-6
        and min(a.y + a.height, b.y + b.height) - max(a.y, b.y) > 1e-6
    )


def crosses(p, q, box) -> bool:
    """Whether an upright or flat line from p to q runs through the inside of a box."""
    (x1, x2), (y1, y2) = sorted((p[0], q[0])), sorted((p[1], q[1]))
    inside_x = x2 > box.x + 1e-6 and x1 < box.x + box.width - 1e-6
    return inside_x and y2 > box.y + 1e-6 and y1 < box.y + box.height - 1e-6


def on_side(point, box, direction: str) -> bool:
    """Whether a point lies on the side of the box that faces `direction`."""
    x, y = point
    if direction in "LR":
        side = box.x if direction == "L" else box.x + box.width
        return x == pytest.approx(side) and box.y <= y <= box.y + box.height
    side = box.y if direction == "T" else box.y + box.height
    return y == pytest.approx(side) and box.x <= x <= box.x + box.width


def check(width, height, boxes, routes, direction):
    """Boxes lie apart, within the picture; edges run between boxes, from side to side."""
    within = [path for path in boxes if len(path) == 1]
    for path in within:
        box = boxes[path]
        assert box.x >= -1e-6
        assert box.y >= -1e-6
        assert box.x + box.width <= width + 1e-6
        assert box.y + box.height <= height + 1e-6
    for path, box in boxes.items():
        if len(path) > 1:  # inside its frame, whose text stands above
            frame = boxes[path[:-1]]
            assert frame.x < box.x
            assert box.x + box.width < frame.x + frame.width
            assert frame.y < box.y
            assert box.y + box.height < frame.y + frame.height
        for other in boxes:
            related = other[: len(path)] == path or path[: len(other)] == other
            assert related or not overlap(box, boxes[other]), (path, other)
    start, end = direction[1], direction[0]
    for route in routes:
        assert on_side(route.points[0], boxes[route.source], start)
        assert on_side(route.points[-1], boxes[route.target], end)
        for p, q in zip(route.points, route.points[1:], strict=False):
            assert min(abs(p[0] - q[0]), abs(p[1] - q[1])) < 1e-6  # upright or flat
            around = [p for p in boxes if p == route.source[: len(p)] and p != route.source]
            assert not [path for path in boxes if path not in around and crosses(p, q, boxes[path])]


@pytest.mark.parametrize("direction", ["TB", "BT", "LR", "RL"])
@pytest.mark.parametrize("name", SIX)
def test_nothing_overlaps_and_edges_end_at_boxes(name, direction):
    check(*_parts(picture(CACHED[name](), EVERYTHING, direction)), direction)


def _parts(made):
    return made.width, made.height, made.boxes, made.routes


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 12))
    sizes = {(i,): (draw(st.integers(5, 200)), draw(st.integers(5, 80))) for i in range(count)}
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    drawn = draw(st.lists(pairs, max_size=25))
    return sizes, [((min(p),), (max(p),)) for p in drawn if p[0] != p[1]]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(graphs(), st.sampled_from(["TB", "BT", "LR", "RL"]))
def test_random_graphs_are_laid_out(graph, direction):
    sizes, edges = graph
    laid = layout(sizes, edges, direction=direction)
    assert {key: (b.width, b.height) for key, b in laid.boxes.items()} == sizes
    assert [(r.source, r.target) for r in laid.routes] == edges
    check(laid.width, laid.height, laid.boxes, laid.routes, direction)


def test_layout_finds_the_order_without_crossings_and_draws_chains_straight():
    sizes = dict.fromkeys("abcdef", (40, 20))
    laid = layout(sizes, [("a", "f"), ("b", "e"), ("c", "d")])
    for a, b in ("af", "be", "cd"):
        assert laid.boxes[a].center == laid.boxes[b].center
    assert all(len(route.points) == 2 for route in laid.routes)
    residual = layout(sizes, [*zip("abcde", "bcdef", strict=True), ("a", "e")])
    assert len({box.center for box in residual.boxes.values()}) == 1
    with pytest.raises(ValueError, match="cycle"):
        layout(sizes, [("a", "b"), ("b", "a")])


@pytest.mark.parametrize("name", SIX)
def test_text_fits_its_box(name):
    made = picture(CACHED[name](), EVERYTHING)
    drawn = figure(made)
    axes = drawn.axes[0]
    drawn.canvas.draw()
    texts = iter(axes.texts)
    for path in sorted(made.boxes, key=len):
        card, box = made.cards[path], made.boxes[path]
        for line in (card.title, *card.lines):
            text = next(texts)
            assert text.get_text() == line
            (left, bottom), (right, top) = axes.transData.inverted().transform(
                text.get_window_extent().get_points()
            )
            assert box.x <= left
            assert right <= box.x + box.width
            assert box.y <= top
            assert bottom <= box.y + box.height


def flow(model, show=Show(names=True)):  # noqa: B008
    """The edges of a model's chart, by the cards' titles without the class."""
    made = chart(model, show)
    name = {key: card.title.partition(" ")[0] for key, card in made.cards.items()}
    return sorted((name[a], name[b]) for a, b in made.edges)


def test_a_subclassed_model_is_drawn_as_its_data_flow():
    assert flow(CACHED["subclassed"]()) == sorted(
        [
            ("x", "enter"),
            ("enter", "block_0"),
            ("enter", "block_1"),
            ("block_0", "block_1"),
            ("enter", "scale"),  # the gate
            *((source, "scale") for source in ("enter", "block_0", "block_1")),
            *((source, "leave") for source in ("enter", "block_0", "block_1", "scale", "scale")),
        ]
    )


def test_before_it_is_built_a_model_is_drawn_as_its_parts():
    parts = ["enter", "block_0", "block_1", "scale", "leave"]
    assert flow(Branches()) == sorted(("branches", part) for part in parts)
    chain = hb.Sequential([hb.layers.Dense(2, name="a"), hb.layers.Dense(1, name="b")])
    assert flow(chain) == [("a", "b")]
    assert flow(hb.Sequential()) == []

    class Strange(hb.Model):
        def call(self, x, other):
            raise ValueError("never")

    assert chart(Strange(), Show()).cards.keys() == {"model"}


def test_tracing_leaves_the_model_as_it_was():
    model = CACHED["subclassed"]()
    before = [v.numpy() for v in model.variables]
    assert all("run" not in vars(layer) for layer in model.layers)
    for old, new in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, new.numpy())
    assert model(np.ones((5, 3), "float32")).shape == (5, 2)


def test_shared_layers_have_a_box_for_each_call():
    made = chart(CACHED["shared"](), Show())
    lines = [card.lines for card in made.cards.values() if card.kind == "shared"]
    assert lines == [(f"shared: call {i} of 4 of twice",) for i in (1, 2, 3, 4)]
    assert flow(CACHED["shared"]()).count(("twice", "twice")) == 1


def test_nested_models_are_frames_where_they_are_expanded():
    model = CACHED["nested"]()
    closed = picture(model, Show(names=True))
    assert all(len(path) == 1 for path in closed.boxes)
    opened = picture(model, Show(names=True, nested=True))
    inside = [opened.cards[path].title for path in opened.boxes if len(path) == 2]
    # The encoder is called twice: three boxes each time; the heads have four.
    assert len(inside) == 2 * 3 + 4
    assert sum(card.kind == "shared" for card in opened.cards.values()) == 2


SWITCHES = {
    "shapes": ["input shape: (None, 3)", "output shape: (None, 2)"],
    "dtype": ["output dtype: float32"],
    "activations": ["activation: relu"],
    "trainable": ["not trainable"],
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_what_cards_say(switch):
    inputs = hb.Input((3,))
    layer = hb.layers.Dense(2, activation="relu", trainable=False, name="thin")
    model = hb.Model(inputs, layer(inputs))
    cards = chart(model, Show(**{switch: True})).cards
    assert list(cards["call 0"].lines) == SWITCHES[switch]
    assert cards["call 0"].title == "Dense"
    assert chart(model, Show(names=True)).cards["call 0"].title == "thin (Dense)"
    assert chart(model, Show()).cards["call 0"].lines == ()


def test_many_inputs_are_cut_short():
    inputs = [hb.Input((n,)) for n in range(1, 8)]
    cards = chart(hb.Model(inputs, hb.layers.concatenate(inputs)), Show(shapes=True)).cards
    shapes = "(None, 1), (None, 2), (None, 3), and 4 more"
    assert cards["call 0"].lines[0] == f"input shape: {shapes}"


def test_ops_wrappers_and_inner_tensors():
    x = hb.Input((4, 3))
    y = hb.ops.expand_dims(hb.layers.TimeDistributed(hb.layers.Dense(2))(x), 1)
    model = hb.Model(x, y)
    titles = [card.title for card in chart(model, Show()).cards.values()]
    assert titles == ["InputLayer", "TimeDistributed of Dense", "ExpandDims"]
    tail = hb.Model(model.layers[1].output, y)
    assert [a for a, _ in chart(tail, Show()).edges] == ["input 0"]


STARTS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize("format", STARTS)
def test_files(format, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    first, second = tmp_path / f"a.{format}", tmp_path / f"b.{format}"
    model = several_inputs()
    for path, splines in ((first, "ortho"), (second, "ortho")):
        assert hb.utils.plot_model(model, path, show_shapes=True, splines=splines, dpi=60) is None
    assert first.read_bytes().startswith(STARTS[format])
    assert first.read_bytes() == second.read_bytes()
    if format == "svg":
        made = picture(model, Show(shapes=True))
        root = ET.fromstring(first.read_text())
        assert float(root.get("width")[:-2]) == pytest.approx(made.width + 16, abs=0.01)
    if format == "png":
        for splines in ("line", "curved"):
            hb.utils.plot_model(model, second, show_shapes=True, splines=splines, dpi=60)
            assert second.read_bytes() != first.read_bytes()
        hb.utils.plot_model(model, second, rankdir="LR", dpi=30)
        width, height = (int.from_bytes(second.read_bytes()[i : i + 4]) for i in (16, 20))
        assert width > 2 * height


WRONG = {
    "rankdir": ("UP", "rankdir is one of .*Received: rankdir='UP'"),
    "dpi": (0, "dpi is a number above 0"),
    "splines": ("wild", "splines is one of"),
    "to_file": ("model.docx", "docx"),
    "layer_range": (["a", "b"], "unknown arguments: layer_range"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(tmp_path)
    value, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        hb.utils.plot_model(CACHED["sequential"](), **{name: value})
    if name not in ("to_file",):
        with pytest.raises(ValueError, match=message):
            hb.utils.model_to_dot(CACHED["sequential"](), **{name: value})
    assert os.listdir(tmp_path) == []


def test_what_is_no_model_and_what_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TypeError, match=r"draws a model\. Received: <Dense"):
        hb.utils.plot_model(hb.layers.Dense(2), tmp_path / "a.png")
    with pytest.raises(ValueError, match="Use a smaller dpi"):
        hb.utils.plot_model(CACHED["resnet"](), tmp_path / "a.png", dpi=10000)


def test_without_matplotlib_a_notebook_shows_the_summary(monkeypatch, tmp_path):
    model = CACHED["sequential"]()
    assert model._repr_html_() is None
    ET.fromstring(model._repr_svg_())
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert model._repr_svg_() is None
    assert "Total params" in model._repr_html_()
    assert "Total params" in Branches()._repr_html_()
    with pytest.raises(ImportError, match=r"pip install hornbill\[plot\]"):
        hb.utils.plot_model(model, tmp_path / "a.png")


def test_a_notebook_shows_the_summary_of_a_huge_model():
    model = hb.Sequential([hb.layers.ReLU() for _ in range(101)])
    assert model._repr_svg_() is None
    assert "re_lu" in model._repr_html_()


def test_a_notebook_shows_every_model():
    display = pytest.importorskip("IPython.core.formatters").DisplayFormatter()
    display.active_types = display.format_types
    for model in (nested(), Branches(), hb.Sequential()):
        data, _ = display.format(model)
        ET.fromstring(data["image/svg+xml"])
        assert "text/html" not in data


def test_dot(tmp_path):
    pydot = pytest.importorskip("pydot")
    model = CACHED["nested"]()
    dot = hb.utils.model_to_dot(model, expand_nested=True, show_shapes=True, rankdir="LR")
    assert dot.get_graph_defaults()[0]["rankdir"] == "LR"
    frames = [frame.get_label() for frame in dot.get_subgraphs()]
    assert len(frames) == 3
    assert len(dot.get_edges()) == 8
    assert any(edge.get("lhead") for edge in dot.get_edges())
    part = hb.utils.model_to_dot(model, subgraph=True)
    assert isinstance(part, pydot.Cluster)
    hb.utils.plot_model(model, tmp_path / "a.dot", show_layer_names=True)
    assert 'label="first (Dense)"' in (tmp_path / "a.dot").read_text()


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Graphviz is a shell script")
def test_graphviz_draws_where_it_is_there(tmp_path, monkeypatch):
    pytest.importorskip("pydot")
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\nprintf "drawn by graphviz: %s" "$1"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    hb.utils.plot_model(CACHED["sequential"](), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_text() == "drawn by graphviz: -Tpng"


def test_without_pydot_there_is_one_clear_error(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pydot", None)
    with pytest.raises(ImportError, match="model_to_dot needs the package pydot"):
        hb.utils.model_to_dot(CACHED["sequential"]())
