"""Files from somebody else: damaged, mutated and hostile ones."""

import contextlib
import io
import json
import random
import resource
import zipfile

import h5py
import jax
import numpy as np
import pytest

import hornbill as hb
from hornbill.engine.serialize import deserialize
from hornbill.engine.strict_json import parse

ROWS = np.random.default_rng(0).normal(size=(2, 6)).astype("float32")
MARKER = "must not exist"


def model():
    x = hb.Input((6,), name="x")
    y = hb.layers.Dense(4, name="one", activation="relu", kernel_initializer="he_normal")(x)
    model = hb.Model(x, hb.layers.Dense(2, name="two")(hb.ops.tanh(y)[:, :3]), name="plain")
    model.compile("adam", "mse")
    return model


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A sound file: its path, its members and the model's weights."""
    path = tmp_path_factory.mktemp("good") / "m.keras"
    made = model()
    made.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return path, members, made.get_weights()


def write(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def load_or_refuse(path, weights):
    """Either a ValueError with something to say, or a model equal to the one saved."""
    try:
        loaded = hb.saving.load_model(path)
    except ValueError:
        return False
    for one, other in zip(loaded.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, other)
    return True


def test_damaged_weights(good, tmp_path):
    """Inside a sound zip file: nothing but HDF5's own checks stand in the way."""
    _, members, _ = good
    chance, weights = random.Random(1), members["model.weights.h5"]
    for i in range(60):
        flipped = bytearray(weights)
        for _ in range(8):
            flipped[chance.randrange(min(len(weights), 4096))] ^= 1 << chance.randrange(8)
        path = write(tmp_path / f"{i}.keras", {**members, "model.weights.h5": bytes(flipped)})
        with contextlib.suppress(ValueError):
            hb.saving.load_model(path)


def leaves(value):
    for key, child in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(child, (dict, list)):
            yield from leaves(child)


def with_config(good, tmp_path, change):
    _, members, _ = good
    config = json.loads(members["config.json"])
    config = change(config) or config
    text = config if isinstance(config, (bytes, str)) else json.dumps(config)
    return write(tmp_path / "m.keras", {**members, "config.json": text})


def at_dense(new):
    def change(config):
        next(c for c in config["config"]["layers"] if c["name"] == "one")["config"].update(new)

    return change


def thing(module, class_name, config, registered=None):
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": registered,
    }


def function(name, module="builtins"):
    return thing(module, "function", name, "function")


HOSTILE = {
    "os.system": (at_dense({"activation": function("system", "os")}), "Unknown function 'system'"),
    "eval": (at_dense({"activation": function("eval")}), "Unknown function 'eval'"),
    "dotted": (at_dense({"activation": function("os.system")}), "Unknown function"),
    "a module": (at_dense({"activation": function("nn")}), "Unknown function 'nn'"),
    "an ops helper": (
        at_dense({"activation": function("convert_to_numpy")}),
        "Unknown function 'convert_to_numpy'",
    ),
    "a loader": (
        at_dense({"activation": function("load_model", "keras.saving")}),
        "Unknown function 'load_model'",
    ),
    "a setter": (
        at_dense({"kernel_initializer": function("set_floatx", "keras.config")}),
        "Unknown function 'set_floatx'",
    ),
    "unsafe mode": (
        at_dense({"activation": function("enable_unsafe_deserialization", "keras.config")}),
        "Unknown function",
    ),
    "a class as function": (
        at_dense({"activation": function("Dense", "keras.layers")}),
        "Unknown function 'Dense'",
    ),
    "a class elsewhere": (
        at_dense({"activation": thing("subprocess", "Popen", {"args": ["touch", MARKER]})}),
        "Unknown class 'Popen'",
    ),
    "a callback": (
        at_dense(
            {"kernel_initializer": thing("keras.callbacks", "CSVLogger", {"filename": MARKER})}
        ),
        "Unknown class 'CSVLogger'",
    ),
    "get_file": (
        at_dense({"bias_initializer": thing("keras.utils", "get_file", {"fname": MARKER})}),
        "Unknown class 'get_file'",
    ),
    "an optimizer as initializer": (
        at_dense({"kernel_initializer": thing("keras.optimizers", "Adam", {})}),
        "'kernel_initializer' takes something of initializers.*'Adam' of optimizers",
    ),
    "a layer as regularizer": (
        at_dense({"kernel_regularizer": thing("keras.layers", "Dense", {"units": 3})}),
        "'kernel_regularizer' takes something of regularizers",
    ),
    "a loss as layer": (
        lambda c: c["config"]["layers"][1].update(thing("keras.losses", "Huber", {})),
        "'layer' takes something of layers or models",
    ),
    "a lambda": (
        at_dense(
            {"activation": {"class_name": "__lambda__", "config": {"value": ["4wEA", None, None]}}}
        ),
        "never runs code",
    ),
    "an op elsewhere": (
        lambda c: c["config"]["layers"][2].update(thing("keras.src.ops.system", "Popen", {})),
        "an op that Hornbill does not have",
    ),
    "an op that is none": (
        lambda c: c["config"]["layers"][2].update(
            thing("keras.src.ops.core", "ConvertToNumpy", {})
        ),
        "an op that Hornbill does not have",
    ),
    "another root": (lambda c: thing("keras.optimizers", "Adam", {}), "takes something of layers"),
    "no root": (lambda c: {"a": 1}, "describes no model"),
    "a list": (lambda c: "[1]", "holds an object"),
    "no JSON": (lambda c: "{", "no valid JSON"),
    "twice": (
        lambda c: '{"class_name": "A", "class_name": "B"}',
        r"a member twice: \['class_name'\]",
    ),
    "deep": (lambda c: '{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deep"),
    "rather deep": (lambda c: '{"a":' * 400 + "1" + "}" * 400, "nested too deep"),
    "a huge number": (at_dense({"units": 10**11}), "far larger weights than it holds"),
    "a long number": (lambda c: '{"a": ' + "9" * 10_000 + "}", "no valid JSON"),
    "other units": (at_dense({"units": 5}), "do not fit model"),
    "a loop": (
        lambda c: history(c, ["GetItem", 0, 0]),
        "has a loop",
    ),
    "a missing layer": (lambda c: history(c, ["nobody", 0, 0]), "does not hold"),
    "a missing use": (lambda c: history(c, ["one", 7, 0]), "does not hold"),
    "a missing tensor": (lambda c: history(c, ["one", 0, 7]), "no layer gives"),
    "a negative index": (lambda c: history(c, ["one", 0, -1]), "'keras_history'"),
    "two of a name": (
        lambda c: c["config"]["layers"].append(c["config"]["layers"][1]),
        "two layers named 'one'",
    ),
    "no nodes": (
        lambda c: c["config"]["layers"][1].update(inbound_nodes=[{"args": [1], "kwargs": {}}]),
        "without any tensor",
    ),
}


def history(config, reference):
    """Makes the op `tanh` take another tensor; ops are given by their class."""
    layers = {c["class_name"]: c for c in config["config"]["layers"]}
    name, *indices = reference
    name = layers[name]["name"] if name in layers else name
    node = layers["Tanh"]["inbound_nodes"][0]
    node["args"][0]["config"]["keras_history"] = [name, *indices]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_configs(name, good, tmp_path, monkeypatch):
    change, message = HOSTILE[name]
    monkeypatch.chdir(tmp_path)
    path = with_config(good, tmp_path, change)
    for safe_mode in (True, False):
        with pytest.raises(ValueError, match=message):
            hb.saving.load_model(path, safe_mode=safe_mode)
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]


def test_custom_classes_do_not_shadow_ours(good):
    class Dense(hb.layers.Layer):
        def __init__(self, **kwargs):
            raise AssertionError("was made")

    path, _, weights = good
    loaded = hb.saving.load_model(path, custom_objects={"Dense": Dense, "relu": None})
    assert type(loaded.get_layer("one")) is hb.layers.Dense
    np.testing.assert_array_equal(loaded.get_weights()[0], weights[0])


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/x",
        "assets/../../x",
        "assets//x",
        "assets/a\\b",
        "C:x",
        "model.py",
        "a/config.json",
    ],
)
def test_names_of_members(name, good, tmp_path):
    path = write(tmp_path / "m.keras", {**good[1], name: b"1"})
    with pytest.raises(ValueError, match="does not belong"):
        hb.saving.load_model(path)


def test_members_that_are_missing_or_come_twice(good, tmp_path):
    members = good[1]
    for name in ("config.json", "model.weights.h5"):
        rest = {k: v for k, v in members.items() if k != name}
        with pytest.raises(ValueError, match=f"'{name}'.* missing"):
            hb.saving.load_model(write(tmp_path / "m.keras", rest))
    path = write(tmp_path / "m.keras", members)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", b"{}")
    with pytest.raises(ValueError, match="twice"):
        hb.saving.load_model(path)


def test_swapped_members(good, tmp_path):
    a, b = "config.json", "model.weights.h5"
    swapped = {**good[1], a: good[1][b], b: good[1][a]}
    with pytest.raises(ValueError, match="no valid JSON"):
        hb.saving.load_model(write(tmp_path / "m.keras", swapped))
    with pytest.raises(ValueError, match="no readable HDF5"):
        hb.saving.load_model(write(tmp_path / "m.keras", {**good[1], b: b"nothing"}))


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5", "assets/a"])
def test_bombs(name, good, tmp_path):
    path = write(tmp_path / "m.keras", {**good[1], name: bytes(2**25)}, zipfile.ZIP_DEFLATED)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match="suspiciously well compressed"):
        hb.saving.load_model(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**13


def test_compressed_files_are_read(good, tmp_path):
    path = write(tmp_path / "m.keras", good[1], zipfile.ZIP_DEFLATED)
    assert load_or_refuse(path, good[2])


def hdf5(change):
    file = io.BytesIO()
    with h5py.File(file, "w") as h5:
        for name, shapes in (("dense", [(6, 4), (4,)]), ("dense_1", [(3, 2), (2,)])):
            for i, shape in enumerate(shapes):
                h5[f"layers/{name}/vars/{i}"] = np.ones(shape, "float32")
        change(h5)
    return file.getvalue()


def replace(h5, create):
    del h5["layers/dense/vars/0"]
    create(h5["layers/dense/vars"])


def virtual(group):
    layout = h5py.VirtualLayout((6, 4), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (6, 4))
    group.create_virtual_dataset("0", layout)


def loop(h5):
    h5["layers/again"] = h5["layers"]


WEIGHTS = {
    "soft link": (lambda h: replace(h, lambda g: g.update({"0": h5py.SoftLink("/x")})), "a link"),
    "external link": (
        lambda h: replace(h, lambda g: g.update({"0": h5py.ExternalLink("/etc/x.h5", "/x")})),
        "a link",
    ),
    "external data": (
        lambda h: replace(
            h, lambda g: g.create_dataset("0", (6, 4), "u1", external=[("/etc/passwd", 0, 24)])
        ),
        "not plain numbers",
    ),
    "virtual data": (lambda h: replace(h, virtual), "not plain numbers"),
    "strings": (
        lambda h: replace(h, lambda g: g.create_dataset("0", data=["a"])),
        "not plain numbers",
    ),
    "references": (
        lambda h: replace(h, lambda g: g.create_dataset("0", data=[g.ref], dtype=h5py.ref_dtype)),
        "not plain numbers",
    ),
    "a record": (
        lambda h: replace(h, lambda g: g.create_dataset("0", (6, 4), [("a", "f4")])),
        "not plain numbers",
    ),
    "a loop": (loop, "a group twice"),
    "nothing": (
        lambda h: replace(h, lambda g: g.create_dataset("0", data=h5py.Empty("f4"))),
        "holds no data",
    ),
    "a hollow giant": (
        lambda h: replace(
            h, lambda g: g.create_dataset("0", (10**6, 10**6), "f4", chunks=(64, 64))
        ),
        "declares 4000000000000 bytes",
    ),
    "another shape": (
        lambda h: replace(h, lambda g: g.create_dataset("0", data=np.ones((4, 6)))),
        r"weight 0: expected shape \(6, 4\), the file has \(4, 6\)",
    ),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_hostile_weights(name, good, tmp_path):
    change, message = WEIGHTS[name]
    path = write(tmp_path / "m.keras", {**good[1], "model.weights.h5": hdf5(change)})
    with pytest.raises(ValueError, match=message):
        hb.saving.load_model(path)
    alone = tmp_path / "m.weights.h5"
    alone.write_bytes(hdf5(change))
    mine = model()
    before = mine.get_weights()
    with pytest.raises(ValueError, match=message):
        mine.load_weights(alone)
    for one, other in zip(mine.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_folders_with_links(good, tmp_path):
    for name, content in good[1].items():
        (tmp_path / name).write_bytes(content)
    hb.saving.load_model(tmp_path)
    (tmp_path / "config.json").rename(tmp_path / "other")
    (tmp_path / "config.json").symlink_to(tmp_path / "other")
    with pytest.raises(ValueError, match=r"a link at 'config\.json'"):
        hb.saving.load_model(tmp_path)


def test_every_entry_point_refuses(tmp_path):
    evil = thing("os", "system", {"command": f"touch {MARKER}"})
    sequential = {"name": "s", "layers": [evil]}
    for attempt in (
        lambda: deserialize(evil),
        lambda: hb.saving.deserialize_keras_object(evil, safe_mode=False),
        lambda: hb.models.model_from_json(json.dumps(evil)),
        lambda: hb.Sequential.from_config(sequential),
        lambda: hb.layers.TimeDistributed.from_config({"layer": evil}),
        lambda: hb.layers.Dense.from_config({"units": 1, "activation": evil}),
        lambda: hb.initializers.get(evil),
        lambda: hb.losses.deserialize(evil),
        lambda: hb.optimizers.deserialize(evil),
        lambda: hb.metrics.deserialize(evil),
    ):
        with pytest.raises(ValueError, match="Unknown class 'system'"):
            attempt()


def test_parse_takes_strings_only():
    assert parse('{"a": [1, {"b": null}]}') == {"a": [1, {"b": None}]}
    with pytest.raises(TypeError, match="Received: 3"):
        parse(3)
    assert jax.devices()
