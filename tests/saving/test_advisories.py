"""Every published advisory about how Keras opens models, as a file built from its description.

Each must be refused with a ValueError, and nothing may be run, read or written on the way. The
list is of CVEs and of fixes that Keras published without one (`keras#` and the pull request), as
known in November 2026.
"""

import base64
import contextlib
import io
import json
import marshal
import os
import tarfile
import warnings
import zipfile

import h5py
import numpy as np
import pytest

import hornbill as hb

MARKER = "executed"
SECRET = "a secret of this machine"


def touch(*_):
    with open(MARKER, "w"):
        return 1


def thing(module, class_name, /, **config):
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": class_name,
    }


def function(name, module):
    return {
        "module": module,
        "class_name": "function",
        "config": name,
        "registered_name": "function",
    }


def bytecode():
    code = base64.b64encode(marshal.dumps(touch.__code__)).decode()
    return {"class_name": "__lambda__", "config": {"value": [code, None, None]}}


def sequential(*layers):
    first = thing("keras.layers", "InputLayer", name="x", batch_shape=[None, 3], dtype="float32")
    return thing("keras", "Sequential", name="s", layers=[first, *layers])


def lambda_layer(function, **arguments):
    return thing(
        "keras.layers", "Lambda", name="f", trainable=True, function=function, arguments=arguments
    )


def weights(change=lambda file: None) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        change(file)
    return content.getvalue()


def archive(config, h5=None, extra=(), compression=zipfile.ZIP_STORED):
    """A `.keras` file with a config."""
    members = {"metadata.json": "{}", "config.json": json.dumps(config)}
    members |= {"model.weights.h5": h5 or weights(), **dict(extra)}
    with zipfile.ZipFile("m.keras", "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return "m.keras"


def opened(*layers, **how):
    """Opens a `.keras` file with these layers."""
    return lambda: hb.saving.load_model(archive(sequential(*layers)), **how)


def dense(change):
    """Opens a `.keras` file whose weights for a Dense layer are made by `change(group)`."""

    def act():
        layer = thing("keras.layers", "Dense", name="d", units=2)
        h5 = weights(lambda file: change(file.create_group("layers/dense/vars")))
        return hb.saving.load_model(archive(sequential(layer), h5))

    return act


def legacy(layer, how="load_model"):
    """Opens an `.h5` file of Keras 2 with a layer."""

    def act():
        config = {"class_name": "Sequential", "config": [layer]}
        with h5py.File("m.h5", "w") as file:
            file.attrs["model_config"] = json.dumps(config)
            group = file.create_group("model_weights")
            group.attrs["layer_names"] = np.array([], "S1")
        return hb.saving.load_model("m.h5")

    return act


def external_data(group):
    size = os.path.getsize("secret")
    group.create_dataset("0", (size,), "u1", external=[("secret", 0, size)])


def external_link(group):
    with h5py.File("secret.h5", "w") as file:
        file["w"] = np.ones((3, 2), "f4")
    group["0"] = h5py.ExternalLink("secret.h5", "/w")


def soft_link(group):
    group.file["elsewhere"] = np.ones((3, 2), "f4")
    group["0"] = h5py.SoftLink("/elsewhere")


def virtual(group):
    external_link(group.file.create_group("unused"))
    del group.file["unused"]
    layout = h5py.VirtualLayout((3, 2), "f4")
    layout[:] = h5py.VirtualSource("secret.h5", "w", (3, 2))
    group.create_virtual_dataset("0", layout)


def giant(group):
    group.create_dataset("0", (50_000_000, 50_000_000), "f4", chunks=(64, 64))


def compressed_giant(group):
    shape, chunk = (2**13, 2**13), (2**13, 64)
    group.create_dataset("0", shape, "f4", compression="gzip", chunks=chunk)[:, :64] = 1


def linked_weights():
    """`load_weights` of an `.h5` file of Keras 2 that is a link to another."""
    external_link(h5py.File("w.h5", "w"))
    with h5py.File("w.h5", "a") as file:
        file.attrs["layer_names"] = [b"d"]
        file["d"] = h5py.ExternalLink("secret.h5", "/")
    model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(2)])
    model.load_weights("w.h5")


def switch(branch, *operands):
    """A use of `ops.switch` that no output needs, with a function of the library as a branch."""

    def act():
        first = thing("keras.layers", "InputLayer", name="x", batch_shape=[None, 3])
        first |= {"name": "x", "inbound_nodes": []}
        use = thing("keras.src.ops.core", "Switch", name="dead")
        nodes = [{"args": [0, [branch], *operands], "kwargs": {}}]
        use |= {"name": "dead", "inbound_nodes": nodes}
        ends = {"input_layers": [["x", 0, 0]], "output_layers": [["x", 0, 0]]}
        config = thing("keras", "Functional", name="m", layers=[first, use], **ends)
        return hb.saving.load_model(archive(config))

    return act


def unpacked(*members):
    """`get_file` of a tar file with these `(name, kind, content or link)`."""

    def act():
        with tarfile.open("a.tar", "w") as file:
            for name, kind, content in members:
                member = tarfile.TarInfo(name)
                member.type = kind
                if kind == tarfile.REGTYPE:
                    member.size = len(content)
                    file.addfile(member, io.BytesIO(content))
                else:
                    member.linkname = content
                    file.addfile(member)
        here = os.getcwd()
        hb.utils.get_file("a.tar", f"file://{here}/a.tar", extract=True, cache_dir=f"{here}/cache")

    return act


def text_layer(name, vocabulary):
    extra = {"num_oov_indices": 1} if name != "TextVectorization" else {}
    return opened(thing("keras.layers", name, name="t", vocabulary=vocabulary, **extra))


def bomb():
    asset = {"assets/words": bytes(2**26)}
    return hb.saving.load_model(archive(sequential(), None, asset, zipfile.ZIP_DEFLATED))


def cloned():
    config = lambda_layer(bytecode())["config"]
    return hb.models.clone_model(hb.Sequential([hb.layers.Lambda.from_config(config)]))


def yaml():
    reader = getattr(hb.models, "model_from_yaml", None)
    raise ValueError("there is no reader of YAML" if reader is None else "there is one")


REG, LINK, HARD = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
NEVER, UNKNOWN, NO_USE = "never runs code", "Unknown function", "without any tensor"
X = {"class_name": "__keras_tensor__", "config": {"keras_history": ["x", 0, 0]}}

# (advisory, what it is about, the attempt, what the message says)
ADVISORIES = [
    ("CVE-2021-37678", "a model's YAML made objects of any class", yaml, "no reader of YAML"),
    ("CVE-2024-3660", "bytecode of a Lambda", opened(lambda_layer(bytecode())), NEVER),
    (
        "CVE-2024-3660 without safe mode",
        "the same",
        opened(lambda_layer(bytecode()), safe_mode=False),
        NEVER,
    ),
    (
        "CVE-2024-55459",
        "get_file unpacked members over files elsewhere",
        unpacked(("../executed", REG, b"x")),
        "outside its folder",
    ),
    (
        "CVE-2025-1550",
        "a config named any module and function to be called",
        opened(lambda_layer(function("system", "os"), command=f"touch {MARKER}")),
        UNKNOWN,
    ),
    (
        "CVE-2025-1550 as a class",
        "a config named any module and class to be made",
        opened(thing("subprocess", "Popen", args=["touch", MARKER])),
        "Unknown class 'Popen'",
    ),
    (
        "CVE-2025-8747",
        "the library's own download as a layer's function",
        opened(lambda_layer(function("get_file", "keras.utils"), origin="file:///etc/passwd")),
        UNKNOWN,
    ),
    (
        "CVE-2025-9905",
        "bytecode of a Lambda in .h5, where safe_mode was not asked",
        legacy({"class_name": "Lambda", "config": {"function": [MARKER, None, None]}}),
        NEVER,
    ),
    (
        "CVE-2025-9905 in Keras 3's form",
        "the same",
        legacy({"class_name": "Lambda", "config": {"name": "f", "function": bytecode()}}),
        NEVER,
    ),
    (
        "CVE-2025-9906",
        "a config that first switches safe mode off",
        opened(lambda_layer(function("enable_unsafe_deserialization", "keras.config"))),
        UNKNOWN,
    ),
    (
        "CVE-2025-9906 by an attribute",
        "a config that first sets the attribute of safe mode",
        opened(lambda_layer(function("set_global_attribute", "keras.src.backend.common"))),
        UNKNOWN,
    ),
    (
        "CVE-2025-9906 by load_model",
        "a config that loads another model without safe mode",
        opened(lambda_layer(function("load_model", "keras.models"), safe_mode=False)),
        UNKNOWN,
    ),
    *[
        (
            f"CVE-2025-12058 {name}",
            "a vocabulary was read from a path",
            act,
            "the tokens themselves",
        )
        for name, act in [
            (n, text_layer(n, v))
            for n in ("StringLookup", "IntegerLookup", "TextVectorization")
            for v in ("secret", "http://127.0.0.1:9/secret")
        ]
    ],
    (
        "CVE-2025-12058 as bytes",
        "the same, the path not written as a string",
        text_layer("StringLookup", {"class_name": "__bytes__", "config": {"value": "secret"}}),
        r"Received twice: \['e'\]",  # its letters: no file has been read
    ),
    (
        "CVE-2025-12060",
        "get_file followed links while it unpacked",
        unpacked(("a", LINK, "../.."), ("a/executed", REG, b"x")),
        "outside|unsafe",
    ),
    (
        "CVE-2025-49655",
        "a pickle in TorchModuleWrapper",
        opened(thing("keras.layers", "TorchModuleWrapper", module="gASVBAAAAAAAAAA=")),
        "Unknown class 'TorchModuleWrapper'",
    ),
    ("CVE-2026-0897", "weights that declare a giant shape", dense(giant), "declares"),
    (
        "CVE-2026-1462",
        "a SavedModel from a path in TFSMLayer",
        opened(thing("keras.layers", "TFSMLayer", filepath="secret")),
        "Unknown class 'TFSMLayer'",
    ),
    (
        "CVE-2026-1669",
        "weights that lie in another file",
        dense(external_data),
        "not plain numbers",
    ),
    ("CVE-2026-1669 by a link", "weights that are another file's", dense(external_link), "a link"),
    (
        "CVE-2026-12480",
        "weights that are a view of another file",
        dense(virtual),
        "not plain numbers",
    ),
    (
        "CVE-2026-12481",
        "Lambda.from_config outside of any scope took bytecode",
        lambda: hb.layers.Lambda.from_config(lambda_layer(bytecode())["config"]),
        NEVER,
    ),
    (
        "CVE-2026-12481 by deserialize",
        "the same",
        lambda: hb.layers.deserialize(lambda_layer(bytecode())),
        NEVER,
    ),
    (
        "CVE-2026-12481 by from_config",
        "the same, of a model",
        lambda: hb.Sequential.from_config(sequential(lambda_layer(bytecode()))["config"]),
        NEVER,
    ),
    ("CVE-2026-12481 by clone_model", "the same", cloned, NEVER),
    (
        "CVE-2026-12481 by JSON",
        "the same, by the older deserializer, for lack of a module",
        lambda: hb.models.model_from_json(
            json.dumps({"class_name": "Lambda", "config": {"name": "f", "function": bytecode()}})
        ),
        NEVER,
    ),
    ("CVE-2026-12570", "compressed weights of a giant shape", dense(compressed_giant), "declares"),
    (
        "GHSA-hqp4-2352-xf5r",
        "unpacking checked paths against the wrong folder",
        unpacked(("executed/../../executed", REG, b"x")),
        "outside its folder",
    ),
    ("keras#22900", "an .h5 file of weights with links", linked_weights, "a link"),
    ("keras#22900 soft", "weights behind a soft link", dense(soft_link), "a link"),
    (
        "keras#22973",
        "hard links out of the folder",
        unpacked(("a", HARD, "../../secret")),
        "outside|unsafe",
    ),
    ("keras#23010", "a member far larger than it is stored", bomb, "suspiciously well compressed"),
    *[
        (f"an op's branch: {name}", "a function of the library run as a branch", act, message)
        for name, act, message in [
            ("pad_sequences", switch(function("pad_sequences", "keras.utils"), [[1]], 9), NO_USE),
            ("set_dtype_policy", switch(function("set_dtype_policy", "keras.config"), "x"), NO_USE),
            ("load_data", switch(function("load_data", "keras.datasets.mnist")), NO_USE),
            ("an op", switch(function("zeros", "keras.ops"), [100_000, 100_000]), NO_USE),
            ("on a tensor", switch(function("set_dtype_policy", "keras.config"), X), UNKNOWN),
            ("a method", switch(function("Model.load_weights", "keras"), X, "secret"), UNKNOWN),
        ]
    ],
]


@pytest.mark.parametrize(
    ("about", "attempt", "message"),
    [pytest.param(*rest, id=name) for name, *rest in ADVISORIES],
)
def test_advisory(about, attempt, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text(SECRET)
    policy = hb.config.dtype_policy().name
    with pytest.raises(ValueError, match=message) as caught:
        attempt()
    assert SECRET not in str(caught.value), about
    assert not list(tmp_path.rglob(f"*{MARKER}*"))
    made = {"m.keras", "m.h5", "w.h5", "secret", "secret.h5", "a.tar", "cache"}
    assert {p.name for p in tmp_path.iterdir()} <= made
    assert hb.config.dtype_policy().name == policy
    assert (tmp_path / "secret").read_text() == SECRET


def test_names_are_data(tmp_path, monkeypatch):
    """CVE-2026-12479: the names of layers became folders, with `..` in them."""
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    for name in ("..", "../../up", "/etc"):
        with contextlib.suppress(ValueError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layer = hb.layers.StringLookup(vocabulary=["a", "b"], name=name)
            model = hb.Sequential([hb.Input((1,), dtype="string"), layer])
            model.save("m.keras")
            again = hb.saving.load_model("m.keras")
            assert again.layers[0].get_vocabulary() == layer.get_vocabulary()
    assert {p.name for p in tmp_path.iterdir()} == {"inner"}
    assert {p.name for p in (tmp_path / "inner").iterdir()} <= {"m.keras"}
