"""ONNX files: run by onnxruntime without Hornbill, equal to `predict`, for other batch sizes."""

import numpy as np
import pytest

import hornbill as hb

from .cases import CASES, close, export_cases, larger, outputs_of, run_elsewhere

pytest.importorskip("jax2onnx")
runtime = pytest.importorskip("onnxruntime")

NAMES = ("dense", "convolutions", "pooled", "residual", "autoencoder", "lstm", "bidirectional")
NAMES += ("masked", "transformer", "pooled_words", "dictionaries", "several_inputs", "subclassed")
NAMES += ("preprocessing", "other_ops", "mixed")
SLOW = ("activations", "normalizations", "sequences", "states", "cells", "conv_lstm", "shared")
SLOW += ("masking_layer", "attention", "grouped_attention", "operators", "ops_with_settings")

# For each file: run it on its data, and keep the outputs. Inputs come in the order of the leaves.
PLAIN = """
import json, sys
import numpy as np, onnxruntime
for name in json.load(open("cases.json")):
    session = onnxruntime.InferenceSession(f"{name}.onnx", providers=["CPUExecutionProvider"])
    arrays = np.load(f"{name}.npz")
    names = [i.name for i in session.get_inputs()]
    outputs = session.run(None, {n: arrays[f"x{i}"] for i, n in enumerate(names)})
    np.savez(f"{name}.out.npz", *outputs)
assert "hornbill" not in sys.modules and "jax" not in sys.modules
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    models = export_cases(folder, NAMES, "onnx")
    run_elsewhere(folder, PLAIN)
    return folder, models


def run(path, data):
    """What onnxruntime makes of a file, here."""
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    leaves = hb.tree.flatten(data)
    names = [i.name for i in session.get_inputs()]
    return session.run(None, dict(zip(names, leaves, strict=True)))


@pytest.mark.parametrize("name", NAMES)
def test_without_hornbill(name, exported):
    folder, models = exported
    expected = models[name].predict(CASES[name][1], verbose=0)
    # bfloat16 becomes float32, which keeps more digits.
    close(outputs_of(folder, name), expected, 1e-2 if name == "mixed" else 1e-5)


@pytest.mark.parametrize("name", ["dense", "pooled", "bidirectional", "masked", "dictionaries"])
def test_another_batch_size(name, exported):
    folder, models = exported
    data = larger(CASES[name][1])
    close(run(folder / f"{name}.onnx", data), models[name].predict(data, verbose=0))


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_more_models(name, tmp_path):
    build, data = CASES[name]
    model = build(hb)
    model.export(tmp_path / "m.onnx", format="onnx", verbose=False)
    close(run(tmp_path / "m.onnx", larger(data)), model.predict(larger(data), verbose=0))


def test_names_and_open_dimensions(tmp_path):
    x = hb.Input((None, 4), name="steps")
    model = hb.Model(x, hb.layers.Dense(2)(hb.layers.Conv1D(3, 2, padding="causal")(x)))
    model.export(tmp_path / "m.onnx", format="onnx", verbose=False, opset_version=21)
    session = runtime.InferenceSession(str(tmp_path / "m.onnx"))
    assert [i.name for i in session.get_inputs()] == ["steps"]
    assert [o.name for o in session.get_outputs()] == ["output_0"]
    for steps in (3, 6):
        data = np.random.default_rng(steps).normal(size=(2, steps, 4)).astype("float32")
        close(session.run(None, {"steps": data}), model.predict(data, verbose=0))


def test_unnamed_inputs_and_layers_with_bool_and_integers(tmp_path):
    """Pooling of integers and NaN among sorted numbers: the plain forms of rarer primitives."""

    def several(x, n):
        pooled = hb.ops.max_pool(hb.ops.cast(n, "float32"), 2, 1, padding="same")
        return [hb.ops.searchsorted(np.array([0.0, 1.0, 2.0], "float32"), x), pooled]

    archive = hb.export.ExportArchive()
    specs = [hb.InputSpec(shape=(5,), dtype="float32")]
    specs += [hb.InputSpec(shape=(None, 4, 4, 1), dtype="int32")]
    archive.add_endpoint("run", several, specs)
    archive.write_out(tmp_path / "m", verbose=False, format="onnx")
    x = np.array([-1.0, 0.5, 2.5, np.nan, 1.0], "float32")
    n = np.arange(32, dtype="int32").reshape(2, 4, 4, 1)
    close(run(tmp_path / "m" / "run.onnx", [x, n]), several(x, n))


def test_three_dimensions(tmp_path):
    x = hb.Input((6, 5, 4, 2))
    layers = hb.layers
    y = layers.Conv3D(4, (3, 2, 3), (2, 1, 2), "same", groups=2)(x)
    y = [layers.MaxPooling3D(2)(y), layers.Conv3D(3, 2, dilation_rate=(2, 1, 1))(y)]
    model = hb.Model(x, [*y, layers.AveragePooling3D(2, 1, "same")(x)])
    model.export(tmp_path / "m.onnx", format="onnx", verbose=False)
    data = np.random.default_rng(0).normal(size=(3, 6, 5, 4, 2)).astype("float32")
    close(run(tmp_path / "m.onnx", data), model.predict(data, verbose=0))


def test_what_has_no_form(tmp_path):
    model = hb.Sequential([hb.Input((4, 4, 4, 1)), hb.layers.Conv3DTranspose(1, 2, 2)])
    with pytest.raises(ValueError, match=r"no ONNX form.*'conv_general_dilated' \(\w+\.call in"):
        model.export(tmp_path / "m.onnx", format="onnx")
    assert list(tmp_path.iterdir()) == []


def test_jax_is_left_as_it_was(exported):
    np.testing.assert_array_equal(hb.ops.cumsum([[1, 2], [3, 4]], 1), [[1, 3], [3, 7]])


@pytest.mark.parametrize("version", [0, "17", 1.5])
def test_opset_version(version, tmp_path):
    model = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1)])
    with pytest.raises(ValueError, match="opset_version is a positive int"):
        model.export(tmp_path / "m", format="onnx", opset_version=version)
