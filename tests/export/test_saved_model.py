"""SavedModels: run by TensorFlow without Hornbill, equal to `predict`, for other batch sizes."""

import numpy as np
import pytest

import hornbill as hb

from .cases import CASES, close, export_cases, larger, outputs_of, run_elsewhere

pytest.importorskip("tensorflow")

NAMES = ("dense", "residual", "lstm", "masked", "transformer", "dictionaries", "several_inputs")
NAMES += ("subclassed", "mixed")

PLAIN = """
import json, sys
import numpy as np, tensorflow as tf
def leaves(x):
    if isinstance(x, dict):
        x = [x[key] for key in sorted(x)]
    return [y for z in x for y in leaves(z)] if isinstance(x, (list, tuple)) else [x]
for name, structure in json.load(open("cases.json")).items():
    arrays = np.load(f"{name}.npz")
    data = tf.nest.map_structure(lambda key: arrays[key], structure)
    loaded = tf.saved_model.load(f"{name}.tf_saved_model")
    assert list(loaded.signatures) == ["serving_default"]
    outputs = leaves(loaded.serve(data))
    np.savez(f"{name}.out.npz", *[tf.cast(x, "float32").numpy() for x in outputs])
assert "hornbill" not in sys.modules
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    models = export_cases(folder, NAMES, "tf_saved_model")
    run_elsewhere(folder, PLAIN)
    return folder, models


@pytest.mark.parametrize("name", NAMES)
def test_without_hornbill(name, exported):
    folder, models = exported
    expected = models[name].predict(CASES[name][1], verbose=0)
    close(outputs_of(folder, name), expected, 1e-2 if name == "mixed" else 1e-5)


def test_another_batch_size_and_its_variables(exported):
    import tensorflow as tf

    folder, models = exported
    loaded, data = (
        tf.saved_model.load(str(folder / "lstm.tf_saved_model")),
        larger(CASES["lstm"][1]),
    )
    close(loaded.serve(data).numpy(), models["lstm"].predict(data, verbose=0))
    shapes = [tuple(v.shape) for v in models["lstm"].variables]
    assert [tuple(v.shape) for v in loaded.variables] == shapes


def test_an_archive_with_two_functions(tmp_path):
    import tensorflow as tf

    encoder = hb.Sequential([hb.Input((4,)), hb.layers.Dense(2)])
    decoder = hb.Sequential([hb.Input((2,)), hb.layers.Dense(4)])
    spec = hb.InputSpec(shape=(None, 4), dtype="float32")
    archive = hb.export.ExportArchive()
    archive.track_and_add_endpoint("encode", encoder)
    archive.track(decoder)
    archive.add_endpoint("both", lambda x: {"a": decoder(encoder(x))}, [spec])
    archive.add_variable_collection("weights_of_encoder", encoder.weights)
    archive.write_out(tmp_path / "m", verbose=False)
    loaded, x = tf.saved_model.load(str(tmp_path / "m")), np.ones((3, 4), "float32")
    close(loaded.encode(x).numpy(), encoder(x))
    close(loaded.both(x)["a"].numpy(), decoder(encoder(x)))
    assert len(loaded.weights_of_encoder) == 2
    assert len(loaded.variables) == 4  # each once, though both functions read the encoder's
    archive.write_out(tmp_path / "m", verbose=False)  # a SavedModel may be replaced


def test_nothing_else_is_replaced(tmp_path):
    model = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1)])
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "thesis.txt").write_text("mine")
    for place in (tmp_path / "m", tmp_path / "m" / "thesis.txt"):
        with pytest.raises(ValueError, match="is no SavedModel, so it is not replaced"):
            model.export(place, format="tf_saved_model")
    assert (tmp_path / "m" / "thesis.txt").read_text() == "mine"
    with pytest.raises(ValueError, match="platforms names some of"):
        model.export(tmp_path / "n", format="tf_saved_model", platforms=["abacus"])
