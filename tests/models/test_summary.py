"""`model.summary()`: tables that fit, and what a model costs, held against closed forms."""

import io
import re

import numpy as np
import pytest

import hornbill as hb
from hornbill import layers as L

from .plotted import SIX, Branches, nested

CASES = {
    # name: (layers, a sample's shape, multiply-adds of one sample)
    "dense": (lambda: [L.Dense(7)], (5,), 5 * 7),
    "dense on a sequence": (lambda: [L.Dense(7)], (3, 5), 3 * 5 * 7),
    "conv": (lambda: [L.Conv2D(4, 3)], (8, 9, 2), 6 * 7 * 4 * 9 * 2),
    "conv, same, strided": (
        lambda: [L.Conv2D(4, 3, strides=2, padding="same")],
        (8, 8, 2),
        4 * 4 * 4 * 9 * 2,
    ),
    "conv in groups": (lambda: [L.Conv1D(6, 3, groups=2)], (10, 4), 8 * 6 * 3 * 2),
    "depthwise": (lambda: [L.DepthwiseConv2D(3)], (5, 5, 3), 9 * 9 * 3),
    # Every input value meets every place in the kernel once.
    "transposed": (lambda: [L.Conv2DTranspose(4, 3, strides=2)], (5, 6, 2), 5 * 6 * 9 * 2 * 4),
    "lstm": (lambda: [L.LSTM(6)], (5, 3), 5 * 4 * 6 * (3 + 6)),
    "gru": (lambda: [L.GRU(6)], (5, 3), 5 * 3 * 6 * (3 + 6)),
    "simple rnn": (lambda: [L.SimpleRNN(6)], (5, 3), 5 * 6 * (3 + 6)),
    "no products": (lambda: [L.ReLU(), L.Flatten()], (3, 4), 0),
    "a model inside": (
        lambda: [hb.Sequential([hb.Input((5,)), L.Dense(2), L.Dense(3)]), L.Dense(1)],
        (5,),
        5 * 2 + 2 * 3 + 3,
    ),
}


def text_of(model, **settings) -> str:
    found = []
    model.summary(print_fn=found.append, line_length=200, **settings)
    return "\n".join(found)


def rows(model, **settings) -> dict[str, list[str]]:
    """`{layer's name: the other cells}`."""
    lines = re.findall(r"^│(.*)│$", text_of(model, **settings), re.MULTILINE)
    cells = [[cell.strip() for cell in line.split("│")] for line in lines]
    return {cell[0].removeprefix("└ ").partition(" ")[0]: cell[1:] for cell in cells}


def total(model, **settings) -> int:
    text = text_of(model, cost=True, **settings)
    return int(re.search(r"Multiply-adds, batch of \d+: ([\d,]+)$", text, re.M)[1].replace(",", ""))


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize("name", CASES)
def test_multiply_adds_are_the_closed_forms(name, batch_size):
    make, shape, expected = CASES[name]
    model = hb.Sequential([hb.Input(shape), *make()])
    assert total(model, batch_size=batch_size) == batch_size * expected


def test_attention_counts_projections_and_both_products():
    n, d, heads, size = 6, 8, 2, 4
    x = hb.Input((n, d))
    model = hb.Model(x, L.MultiHeadAttention(heads, size)(x, x))
    wide = heads * size
    assert total(model) == 3 * n * d * wide + 2 * n * n * wide + n * wide * d


def test_calls_of_a_shared_layer_add_up():
    dense = L.Dense(4, name="twice")
    x = hb.Input((4,))
    model = hb.Model(x, dense(dense(x)) + 1)
    assert rows(model, cost=True, batch_size=2)["twice"][-3:] == ["80.00 B", "64.00 B", "64"]
    assert total(model) == 2 * 16


def test_columns_of_the_cost():
    model = hb.Sequential([hb.Input((8, 8, 1)), L.Conv2D(2, 3, name="c"), L.Flatten(name="f")])
    found = rows(model, cost=True, batch_size=3)
    outputs = 3 * 6 * 6 * 2  # 216 numbers of 4 bytes
    assert found["c"][-3:] == ["80.00 B", "864.00 B", f"{outputs * 9:,}"]
    assert found["f"][-3:] == ["0.00 B", "864.00 B", "0"]
    assert "Memory of outputs, batch of 3: 1.69 KB\n" in text_of(model, cost=True, batch_size=3)
    half = hb.Sequential([hb.Input((4,)), L.Dense(8, name="d", dtype="mixed_bfloat16")])
    assert rows(half, cost=True)["d"][-2] == "16.00 B"
    assert "Multiply" not in text_of(model)


def test_a_subclassed_model_is_told_after_its_first_call():
    model = Branches()
    assert "Cost of a batch of 1: unknown before the model is built" in text_of(model, cost=True)
    assert rows(model, cost=True)["enter"][-2:] == ["?", "?"]
    model(np.ones((2, 3), "float32"))
    # enter, two blocks, two calls of scale, leave
    assert total(model, batch_size=5) == 5 * (3 * 4 + 2 * 16 + 2 * 4 + 4 * 2)
    assert rows(model, cost=True)["scale"][-1] == "8"


def test_a_subclassed_models_own_operations_are_told():
    class Own(hb.Model):
        def __init__(self):
            super().__init__()
            self.dense = L.Dense(4)

        def call(self, x):
            x = self.dense(x)
            return hb.ops.matmul(hb.ops.transpose(x), x)

    model = Own()
    model(np.ones((2, 3), "float32"))
    text = text_of(model, cost=True, batch_size=5)
    with_own = 5 * 3 * 4 + 4 * 5 * 4
    assert f"Multiply-adds, batch of 5: 60 in calls of layers, {with_own} with the" in text


def test_what_shapes_do_not_tell_is_a_question_mark():
    x = hb.Input((None, 3))
    model = hb.Model(x, L.Dense(2, name="end")(L.LSTM(4, name="loop")(x)))
    found = rows(model, cost=True)
    assert found["loop"][-2:] == ["?", "?"]
    assert found["end"][-1] == "8"
    assert "Multiply-adds, batch of 1: 8, without 1 unknown\n" in text_of(model, cost=True)


def test_expanded_models_list_the_cost_of_one_call():
    model = nested()
    found = rows(model, cost=True, expand_nested=True)
    inner = [layer.name for layer in model.get_layer("encoder").layers]
    assert [found[name][-1] for name in inner] == ["16", "8"]
    assert found["encoder"][-1] == "48"


@pytest.mark.parametrize("value", [0, 1.5, True, None, "many"])
def test_wrong_batch_size(value):
    with pytest.raises(ValueError, match=r"batch_size=.* is a number of samples, 1 or more"):
        SIX["sequential"]().summary(cost=True, batch_size=value)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", SIX)
def test_tables_fit_the_width(name, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    model = SIX[name]()
    model.summary(expand_nested=True, show_trainable=True, cost=width >= 80)
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    for layer in model.layers:  # all names are there, be they broken over several lines
        cells = re.findall(r"^│([^│]*)│", text, re.MULTILINE)
        assert layer.name in "".join(cell.strip() for cell in cells)


def test_a_terminal_gets_no_escapes_either(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    out = Terminal()
    monkeypatch.setattr("sys.stdout", out)
    SIX["sequential"]().summary()
    assert "\x1b" not in out.getvalue()


def test_layer_range_and_trainable():
    model = hb.Sequential([hb.Input((2,)), *(L.Dense(2, name=f"d{i}") for i in range(5))])
    model.get_layer("d2").trainable = False
    found = rows(model, layer_range=["d1", "d[23]"], show_trainable=True)
    listed = {name: cells[-1] for name, cells in found.items()}
    assert listed == {"d1": "Y", "d2": "N", "d3": "Y"}
    with pytest.raises(ValueError, match="names no layer"):
        model.summary(layer_range=["d1", "nothing"])
