"""KerasFileEditor: what it shows and changes, beside Keras's own, and what it refuses."""

import sys

import keras
import numpy as np
import pytest

import hornbill as hb

from .model_cases import CASES


def model(k=hb):
    inner = k.Sequential([k.Input((4,)), k.layers.Dense(3)], name="inner")
    return k.Sequential([k.Input((6,)), k.layers.Dense(4), k.layers.BatchNormalization(), inner])


@pytest.fixture
def path(tmp_path):
    model().save_weights(tmp_path / "m.weights.h5")
    return str(tmp_path / "m.weights.h5")


def flat(tree, prefix=""):
    """`{path: array}` of an editor's nested weights."""
    found = {}
    for name, value in tree.items():
        found.update(
            flat(value, f"{prefix}{name}/") if isinstance(value, dict) else {prefix + name: value}
        )
    return found


def both(path):
    ours = hb.saving.KerasFileEditor(path)
    if path.endswith(".keras") and sys.version_info >= (3, 13):
        pytest.skip("Keras 3.15 reads no .keras file here, its own neither: it closes the archive")
    return ours, keras.saving.KerasFileEditor(path)


@pytest.mark.parametrize("name", ["dense", "lstm", "attention", "nested"])
@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_it_reads_what_keras_reads(name, suffix, tmp_path):
    made = CASES[name][0](hb)
    path = str(tmp_path / f"m{suffix}")
    (made.save if suffix == ".keras" else made.save_weights)(path)
    ours, theirs = both(path)
    mine, expected = flat(ours.weights_dict), flat(theirs.weights_dict)
    assert mine.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(mine[key], value)
    assert ours.metadata == theirs.metadata
    assert ours.config == theirs.config


KERNEL = np.arange(6, dtype="float32").reshape(2, 3)

EDITS = {
    "delete": [("delete_object", "layers/dense")],
    "delete by name": [("delete_object", "batch_normalization")],
    "delete all inside": [("delete_object", "layers/sequential")],
    "rename": [("rename_object", "layers/dense", "other")],
    "rename what holds others": [("rename_object", "sequential", "moved")],
    "add": [("add_object", "layers/new", {"0": KERNEL, "1": KERNEL[0]})],
    "add at the top": [("add_object", "new", {"0": KERNEL})],
    "add inside": [("add_object", "layers/sequential/layers/new", {"0": KERNEL})],
    "replace": [("add_object", "layers/sequential", {"0": KERNEL})],
    "weights": [("add_weights", "layers/dense", {"1": KERNEL, "2": KERNEL})],
    "delete weight": [("delete_weight", "layers/dense", "0")],
    "several": [
        ("delete_object", "layers/dense"),
        ("add_object", "layers/dense", {"0": KERNEL}),
        ("rename_object", "layers/dense", "first"),
        ("delete_weight", "batch_normalization", "3"),
    ],
}


@pytest.mark.parametrize("name", EDITS)
def test_edits_are_keras(name, path, tmp_path):
    editors = both(path)
    saved = []
    for editor, file in zip(editors, ("ours.weights.h5", "theirs.weights.h5"), strict=True):
        for method, *arguments in EDITS[name]:
            getattr(editor, method)(*arguments)
        editor.resave_weights(str(tmp_path / file))
        saved.append(flat(keras.saving.KerasFileEditor(str(tmp_path / file)).weights_dict))
    assert saved[0].keys() == saved[1].keys()
    for key, value in saved[1].items():
        np.testing.assert_array_equal(saved[0][key], value)


def test_an_edited_file_loads(path, tmp_path):
    """What the editor is for: a layer was renamed, another one has more units now."""
    old, new = hb.Sequential([hb.Input((6,)), hb.layers.Dense(4)]), None
    old.save_weights(path)
    new = hb.Sequential([hb.Input((6,)), hb.layers.EinsumDense("ab,bc->ac", 4, bias_axes="c")])
    editor = hb.saving.KerasFileEditor(path)
    assert editor.compare(new)["status"] == "error"
    editor.rename_object("dense", "einsum_dense")
    assert editor.compare(new) == {"status": "success", "error_count": 0, "match_count": 2}
    for name in ("new.weights.h5", "new.safetensors"):
        editor.save(tmp_path / name)
        new.set_weights([np.zeros_like(w) for w in new.get_weights()])
        new.load_weights(tmp_path / name)
        np.testing.assert_array_equal(new.get_weights()[0], old.get_weights()[0])


def test_compare(path, capsys):
    ours, theirs = both(path)
    same = model()
    assert ours.compare(same) == {"status": "success", "error_count": 0, "match_count": 8}
    assert theirs.compare(model(keras))["status"] == "success"
    other = hb.Sequential([hb.Input((6,)), hb.layers.Dense(5), hb.layers.LayerNormalization()])
    result = ours.compare(other)
    # Two shapes of the dense layer; two objects in the file alone, one in the model.
    assert result == {"status": "error", "error_count": 5, "match_count": 0}
    shown = capsys.readouterr().out
    assert "Weight '0' of 'layers/dense': the file has (6, 4), the model (6, 5)" in shown
    assert "Object 'layers/layer_normalization' is in the model alone" in shown


def test_summary(path, capsys):
    hb.saving.KerasFileEditor(path).summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "layers"
    assert "│   ├── 0: float32 (4,)" in lines
    assert lines[-1].strip() == "└── 1: float32 (3,)"


def test_the_models_own_weights_and_other_files(tmp_path):
    class Own(hb.Model):
        def __init__(self):
            super().__init__()
            self.scale = self.add_weight((2,), "ones", dtype="bfloat16", name="scale")

        def call(self, x):
            return x * self.scale

    made = Own()
    made(np.ones((1, 2), "float32"))
    for name in ("m.safetensors", "m.weights.h5"):
        made.save_weights(tmp_path / name)
        editor = hb.saving.KerasFileEditor(tmp_path / name)
        assert editor.weights_dict["0"].dtype == "bfloat16"
        editor.add_weights("", {"0": np.full(2, 3.0).astype(editor.weights_dict["0"].dtype)})
        editor.save(tmp_path / "new.safetensors")
        made.load_weights(tmp_path / "new.safetensors")
        assert made.get_weights()[0].tolist() == [3.0, 3.0]
    with pytest.raises(ValueError, match="The model itself has no name"):
        editor.rename_object("", "x")


@pytest.mark.parametrize(
    ("method", "arguments", "error", "message"),
    [
        ("delete_object", ["nothing"], ValueError, "holds no object 'nothing'"),
        ("delete_object", ["layers/nothing"], ValueError, "holds no object 'layers/nothing'"),
        ("delete_object", ["layers"], ValueError, "Several objects are named 'layers'"),
        ("delete_object", ["dense"], ValueError, "'layers/sequential/layers/dense'"),
        ("rename_object", ["layers/dense", "a/b"], ValueError, "new_name is a name without '/'"),
        ("rename_object", ["layers/dense", "vars"], ValueError, "not 'vars'"),
        ("rename_object", ["layers/dense", "sequential"], ValueError, "'layers/sequential' alr"),
        ("add_object", ["nowhere/dense", {}], ValueError, "holds no object 'nowhere'"),
        ("add_object", ["layers/x", [1]], TypeError, "weights is a dict"),
        ("add_object", ["layers/x", {"0": "text"}], TypeError, "'0' is no array of numbers"),
        ("add_weights", ["layers/dense", {"a/b": 1}], ValueError, "Received: 'a/b'"),
        ("delete_weight", ["layers/dense", "7"], ValueError, r"no weight '7'. It has: \['0', '1'"),
        ("save", ["m.h5"], ValueError, "ends in '.weights.h5' or '.safetensors'"),
    ],
)
def test_errors_change_nothing(method, arguments, error, message, path):
    editor = hb.saving.KerasFileEditor(path)
    before = flat(editor.weights_dict)
    with pytest.raises(error, match=message):
        getattr(editor, method)(*arguments)
    assert flat(editor.weights_dict).keys() == before.keys()


def test_files_that_are_refused(tmp_path):
    with pytest.raises(ValueError, match="opens files that end in one of"):
        hb.saving.KerasFileEditor(tmp_path / "m.h5")
    with pytest.raises(ValueError, match="There is no file"):
        hb.saving.KerasFileEditor(tmp_path / "m.keras")
    (tmp_path / "m.weights.h5").write_bytes(b"no file of weights")
    with pytest.raises(ValueError, match="no readable HDF5 file"):
        hb.saving.KerasFileEditor(tmp_path / "m.weights.h5")
