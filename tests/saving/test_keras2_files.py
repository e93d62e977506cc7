"""Files that Keras 2 wrote (see tests/data/keras2/make.py): equal predictions, equal training."""

import json
from pathlib import Path

import jax
import numpy as np
import pytest

import hornbill as hb
from hornbill.saving.legacy_config import modern

FOLDER = Path(__file__).parents[1] / "data/keras2"
FILES = sorted(FOLDER.glob("*.h5"))
CONFIGS = json.loads((FOLDER / "configs.json").read_text())
# Classes that Keras 3 does not have either.
GONE = {"AbstractRNNCell", "LocallyConnected1D", "LocallyConnected2D", "RandomHeight"}
GONE |= {"RandomWidth"}


def load(path):
    with np.load(path.with_suffix(".npz")) as kept:
        kept = dict(kept)
    x, y = ([kept[k] for k in sorted(kept) if k[0] == first] for first in "xy")
    return hb.saving.load_model(path), x if len(x) > 1 else x[0], y, kept.get("losses")


def test_the_files_are_there():
    assert len(FILES) == 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_predictions(path):
    model, x, expected, losses = load(path)
    got = jax.tree.leaves(model.predict(x, verbose=0))
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    if losses is not None:
        y = x[:, :1] > 0
        history = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history
        np.testing.assert_allclose(history["loss"], losses, rtol=1e-5)


def test_configs_of_all_layers():
    """Each of Keras 2's layers, with the settings that Keras 2 writes."""
    unknown = set()
    for name, config in CONFIGS.items():
        try:
            layer = hb.layers.deserialize(modern({"class_name": name, "config": config}, "a file"))
        except ValueError as error:
            if f"Unknown class '{name}'" not in str(error):
                raise
            unknown.add(name)
        else:
            assert layer.name == config["name"]
    assert unknown == GONE
    assert len(CONFIGS) > 100


def test_a_threshold():
    config = {"class_name": "ThresholdedReLU", "config": {"name": "a", "theta": 0.5}}
    layer = hb.layers.deserialize(modern(config, "a file"))
    assert layer(np.array([-1.0, 0.4, 0.6], "float32")).tolist() == pytest.approx([0, 0, 0.6])
