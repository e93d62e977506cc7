"""Files that we wrote, changed at random: refused with a ValueError, or loaded to something equal.

300 and more in all, in the three forms that we write; `test_hostile_files.py` has those that are
made with care.
"""

import copy
import json
import random
import resource
import shutil
import zipfile

import numpy as np
import pytest

import hornbill as hb

from .test_hostile_files import leaves, model

MAX_BYTES = 2**30


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A compiled model, its values, and a folder with its files."""
    folder, made = tmp_path_factory.mktemp("saved"), model()
    made.optimizer.build(made.trainable_variables)
    made.save(folder / "m.keras")
    made.save(folder / "m", zipped=False)
    made.save_weights(folder / "m.weights.h5")
    return made, values(made), folder


def values(model):
    """What it is, and all its numbers."""
    variables = [*model.weights, *model.optimizer.variables]
    return [model.to_json(), *[np.asarray(v.value) for v in variables]]


def outcome(load, expected) -> bool:
    """Whether a file was loaded rather than refused; it must then be equal."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        got = values(load())
    except ValueError:
        return False
    finally:
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown * 1024 < MAX_BYTES
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    return True


def flipped(content: bytes, chance) -> bytes:
    changed = bytearray(content)
    changed[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(content: bytes, chance) -> bytes:
    return content[: chance.randrange(len(content))]


def filled(content: bytes, chance) -> bytes:
    """A stretch of it overwritten."""
    start = chance.randrange(len(content) - 64)
    return content[:start] + b"\xff" * 64 + content[start + 64 :]


def swapped(content: bytes, chance) -> bytes:
    half = chance.randrange(1, len(content))
    return content[half:] + content[:half]


CHANGES = {flipped: 60, cut: 15, filled: 15, swapped: 5}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("name", ["m.keras", "m.weights.h5"])
def test_changed_bytes(name, change, saved, tmp_path):
    made, expected, folder = saved
    content, chance = (folder / name).read_bytes(), random.Random(0)
    path = tmp_path / name

    def load():
        if name == "m.keras":
            return hb.saving.load_model(path)
        made.load_weights(path)
        return made

    loaded = 0
    for _ in range(CHANGES[change]):
        path.write_bytes(change(content, chance))
        loaded += outcome(load, expected)
    # What is loaded has changed where it does not matter, as in a date.
    assert loaded <= (CHANGES[change] // 3 if change in (flipped, filled) else 0)
    np.testing.assert_equal(values(made), expected)  # a refused file changes nothing


def test_changed_weights_in_a_folder(saved, tmp_path):
    _, expected, folder = saved
    chance = random.Random(1)
    shutil.copytree(folder / "m", tmp_path / "m")
    weights = tmp_path / "m/model.weights.h5"
    content = weights.read_bytes()
    loaded = 0
    for change in (flipped, cut, filled):
        for _ in range(10):
            weights.write_bytes(change(content, chance))
            loaded += outcome(lambda: hb.saving.load_model(tmp_path / "m"), expected)
    assert loaded <= 1


def test_changed_configs(saved, tmp_path):
    """Values of the config replaced by others of the same and of other types.

    A sound file of another model is no damage: it loads where it has the same weights.
    """
    _, expected, folder = saved
    with zipfile.ZipFile(folder / "m.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config, chance = json.loads(members["config.json"]), random.Random(2)
    values = [None, -1, 0, 10**12, 1e300, "", "relu", "../x", [], {}, [[]], True, {"class_name": 3}]
    for _ in range(100):
        changed = copy.deepcopy(config)
        places = list(leaves(changed))
        holder, key = places[chance.randrange(len(places))]
        holder[key] = chance.choice(values)
        path = tmp_path / "m.keras"
        with zipfile.ZipFile(path, "w") as archive:
            for name, member in members.items():
                text = json.dumps(changed) if name == "config.json" else member
                archive.writestr(name, text)
        try:
            loaded = hb.saving.load_model(path)
        except ValueError:
            continue
        got = [np.asarray(v.value) for v in loaded.weights]
        np.testing.assert_equal(got, expected[1 : len(got) + 1])


def test_files_in_one_anothers_place(saved, tmp_path):
    made, _, folder = saved
    shutil.copy(folder / "m.keras", tmp_path / "a.weights.h5")
    shutil.copy(folder / "m.weights.h5", tmp_path / "b.keras")
    shutil.copy(folder / "m.weights.h5", tmp_path / "c.h5")
    with pytest.raises(ValueError, match="no readable HDF5"):
        made.load_weights(tmp_path / "a.weights.h5")
    with pytest.raises(ValueError, match=r"no readable \.keras file"):
        hb.saving.load_model(tmp_path / "b.keras")
    with pytest.raises(ValueError, match="weights alone"):
        hb.saving.load_model(tmp_path / "c.h5")


# Numbers whose size would be that of a list, an array or a loop before any weight is made.
GIANTS = {
    "AUC": {"num_thresholds": 10**9},
    "PrecisionAtRecall": {"recall": 0.5, "num_thresholds": 10**9},
    "MeanIoU": {"num_classes": 10**6},
}


@pytest.mark.parametrize("name", GIANTS)
def test_giant_numbers(name, saved, tmp_path):
    _, expected, folder = saved
    with zipfile.ZipFile(folder / "m.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    metric = {"module": "keras.metrics", "class_name": name, "config": GIANTS[name]}
    config["compile_config"]["metrics"] = [metric]
    members["config.json"] = json.dumps(config)
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    assert not outcome(lambda: hb.saving.load_model(path), expected)
    layer = hb.layers.ContrastLimitedAdaptiveHistogramEqualization
    with pytest.raises(ValueError, match="at most 1024 tiles"):
        layer.from_config({"tile_grid_size": [10**9, 10**9]})
