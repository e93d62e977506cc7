"""StableHLO programs: equal to `predict`, for other batch sizes, and without Hornbill."""

import jax
import numpy as np
import pytest

import hornbill as hb
from hornbill import export

from .cases import CASES, close, export_cases, larger, outputs_of, run_elsewhere

pytest.importorskip("flatbuffers")

NAMES = (
    ("dense", "normalizations", "convolutions", "pooled", "lstm", "bidirectional", "masked")
    + ("attention", "merges", "shared", "nested", "dictionaries", "several_inputs", "mixed")
    + ("noisy", "ops_with_settings", "residual", "autoencoder", "transformer", "preprocessing")
    + ("pooled_words", "subclassed")
)

# What a program without Hornbill does, for all files at once: read, run, keep the outputs.
PLAIN = """
import json, sys
import jax, jax.export, numpy as np
for name, structure in json.load(open("cases.json")).items():
    arrays = dict(np.load(f"{name}.npz"))
    data = jax.tree.map(arrays.get, structure)
    program = jax.export.deserialize(bytearray(open(f"{name}.stablehlo", "rb").read()))
    outputs = jax.tree.leaves(program.call(data))
    np.savez(f"{name}.out.npz", *[np.asarray(x, "float32") for x in outputs])
assert "hornbill" not in sys.modules
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The folder of the files, and `{name: (model, data)}`."""
    folder = tmp_path_factory.mktemp("exported")
    return folder, export_cases(folder, NAMES, "stablehlo")


@pytest.fixture(scope="module")
def plain(exported):
    """The folder, after a process without Hornbill ran all files."""
    run_elsewhere(exported[0], PLAIN)
    return exported[0]


@pytest.mark.parametrize("name", NAMES)
def test_without_hornbill(name, exported, plain):
    _, models = exported
    expected = models[name].predict(CASES[name][1], verbose=0)
    # Between bfloat16 operations, compilers may keep more digits or not.
    close(outputs_of(plain, name), expected, 1e-2 if name == "mixed" else 1e-5)


@pytest.mark.parametrize("name", ["dense", "lstm", "dictionaries"])
def test_another_batch_size(name, exported):
    folder, models = exported
    program = export.load(folder / f"{name}.stablehlo")
    data = larger(CASES[name][1])
    got, expected = program(data), models[name].predict(data, verbose=0)
    assert jax.tree.structure(got) == jax.tree.structure(expected)
    close(got, expected)


def test_training_goes_on_without_the_program(tmp_path):
    """The weights in the program are those of the time when it was written."""
    model = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1, kernel_initializer="ones")])
    model.export(tmp_path / "m", verbose=False)
    model.set_weights([np.zeros((2, 1)), np.ones(1)])
    assert export.load(tmp_path / "m")(np.ones((1, 2), "float32")).tolist() == [[2.0]]


class Scaled(hb.Model):
    """Two arguments, of which the second has a default."""

    def __init__(self):
        super().__init__()
        self.inner = hb.layers.Dense(3)

    def call(self, x, scale=None):
        y = self.inner(x)
        return y if scale is None else y * scale


def test_a_subclassed_model_knows_its_shapes_once_it_was_called(tmp_path):
    model, x = Scaled(), np.ones((2, 4), "float32")
    with pytest.raises(ValueError, match="must be built before it is exported"):
        model.export(tmp_path / "m")
    expected = model(x)
    model.export(tmp_path / "m", verbose=False)
    close(export.load(tmp_path / "m")(x), expected)


X, S = np.ones((2, 4), "float32"), np.full((2, 1), 2.0, "float32")


@pytest.mark.parametrize(
    "signature",
    [
        [
            hb.InputSpec(shape=(None, 4), dtype="float32"),
            hb.InputSpec(shape=(None, 1), dtype="float32"),
        ],
        [X, S],
        (hb.KerasTensor((None, 4)), S),
        [jax.ShapeDtypeStruct((2, 4), "float32"), jax.numpy.asarray(S)],
    ],
)
def test_signatures(signature, tmp_path):
    model = Scaled()
    expected = model(X, S)
    model.export(tmp_path / "m", verbose=False, input_signature=signature)
    close(export.load(tmp_path / "m")(X, S), expected)


def test_open_inner_dimensions_and_platforms(tmp_path):
    model = hb.Sequential([hb.Input((None, 4)), hb.layers.GRU(2, return_sequences=True)])
    model.export(tmp_path / "m", verbose=False, platforms=["cpu"])
    program = export.load(tmp_path / "m")
    for steps in (3, 5):
        x = np.ones((2, steps, 4), "float32")
        close(program(x), model.predict(x, verbose=0))


def test_the_flat_inputs_of_a_functional_model(tmp_path):
    build, data = CASES["several_inputs"]
    model = build(hb)
    signature = [hb.InputSpec(shape=(3, *x.shape[1:]), dtype=str(x.dtype)) for x in data]
    model.export(tmp_path / "m", verbose=False, input_signature=signature)
    close(export.load(tmp_path / "m")(data), model.predict(data, verbose=0))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"format": "x"}, ValueError, r"formats \('stablehlo', 'onnx', .*Received: format='x'"),
        ({"input_signature": hb.InputSpec(ndim=2)}, TypeError, "input_signature is a list"),
        ({"input_signature": [hb.InputSpec(ndim=2)]}, ValueError, "has a shape and a dtype"),
        ({"input_signature": ["x"]}, TypeError, "Received: 'x' of type str"),
        ({"platforms": ()}, ValueError, r"platforms names some of .*Received: \(\)"),
        ({"platforms": ("abacus",)}, ValueError, r"Received: \('abacus',\)"),
        ({"nonsense": 1}, TypeError, "nonsense"),
    ],
)
def test_errors(arguments, error, message, tmp_path):
    model = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1)])
    with pytest.raises(error, match=message):
        model.export(tmp_path / "m", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_program(tmp_path):
    with pytest.raises(ValueError, match="There is no file"):
        export.load(tmp_path / "m")
    for content in (b"", b"abc", b"\0" * 100, bytes(range(256)) * 4):
        (tmp_path / "m").write_bytes(content)
        with pytest.raises(ValueError, match="no program that"):
            export.load(tmp_path / "m")


def test_without_flatbuffers(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    model = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1)])
    with pytest.raises(ImportError, match=r"pip install 'hornbill\[export\]'"):
        model.export(tmp_path / "m")


def test_it_says_what_was_written(tmp_path, capsys):
    model = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1)])
    model.export(tmp_path / "m")
    assert "takes ['float32[b, 2]']" in capsys.readouterr().out
    model.export(tmp_path / "m", verbose=False)
    assert capsys.readouterr().out == ""
