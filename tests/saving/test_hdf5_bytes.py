"""HDF5 files that make the HDF5 library (2.0.0) run for ever, crash or take gigabytes: refused."""

import json
import resource

import h5py
import numpy as np
import pytest

import hornbill as hb

CONFIG = {
    "class_name": "Sequential",
    "config": {
        "name": "s",
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 2], "name": "i"}},
            {"class_name": "Dense", "config": {"units": 1, "use_bias": False, "name": "d"}},
        ],
    },
}
KERNEL = np.array([[1.0], [2.0]], "float32")


def write(path, names, **settings):
    with h5py.File(path, "w", **settings) as file:
        file.attrs["model_config"] = json.dumps(CONFIG)
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = names(["d"])
        weights.create_group("d").attrs["weight_names"] = names(["d/kernel"])
        weights["d/d/kernel"] = KERNEL


def of_free_length(names):
    return np.array(names, h5py.string_dtype())


def of_one_length(names):
    return np.array(names, "S9")


@pytest.mark.parametrize("names", [of_free_length, of_one_length])
@pytest.mark.parametrize("libver", ["earliest", "latest", ("v108", "v110")])
def test_sound_files_are_read(names, libver, tmp_path):
    write(tmp_path / "m.h5", names, libver=libver)
    model = hb.saving.load_model(tmp_path / "m.h5")
    np.testing.assert_array_equal(model.get_weights()[0], KERNEL)


def endless_heap(content):
    """The free rest of a heap of texts, of size 0: HDF5 never comes to its end."""
    heap = content.index(b"GCOL\x01")
    at = heap + 16
    while content[at : at + 2] != b"\0\0":
        at += 16 + -(-int.from_bytes(content[at + 8 : at + 16], "little") // 8) * 8
    content[at + 8 : at + 16] = bytes(8)


def long_text(name):
    """A text of 4 GiB, by its own account: HDF5 takes the memory before it looks."""

    def change(content):
        heap = content.index(b"GCOL\x01").to_bytes(8, "little")
        place = content.index(heap, content.index(name)) - 4  # a length, and where the text is
        content[place : place + 4] = (2**32 - 256).to_bytes(4, "little")

    return change


def short_addresses(content):
    content[13] = 4


def shifted(content):
    content[:0] = bytes(512)  # a "user block", behind which HDF5 looks, too


DAMAGES = {
    "an endless heap": (endless_heap, "a heap of texts in it has wrong sizes"),
    "a long config": (long_text(b"model_config"), "an attribute 'model_config' is too long"),
    "a long name of a layer": (long_text(b"layer_names"), "'layer_names' is too long"),
    "a long name of a weight": (long_text(b"weight_names"), "'weight_names' is too long"),
    "addresses of 4 bytes": (short_addresses, "does not begin as h5py's files do"),
    "another start": (shifted, "does not begin as h5py's files do"),
}


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_damages(damage, libver, tmp_path):
    if damage == "addresses of 4 bytes" and libver == "latest":
        pytest.skip("its beginning has a checksum")
    change, message = DAMAGES[damage]
    path = tmp_path / "m.h5"
    write(path, of_free_length, libver=libver)
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=message):
        hb.saving.load_model(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**18


@pytest.mark.parametrize(
    ("packing", "accepted"),
    [
        ({"compression": "gzip", "shuffle": True}, True),
        ({"fletcher32": True}, False),  # crashes where a chunk has less than 4 bytes
        ({"compression": "lzf"}, False),
        ({"scaleoffset": 3}, False),
    ],
)
def test_packed_weights(packing, accepted, tmp_path):
    path = tmp_path / "m.weights.h5"
    model = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1, use_bias=False)])
    with h5py.File(path, "w") as file:
        file.create_dataset("layers/dense/vars/0", data=KERNEL, chunks=(1, 1), **packing)
    if accepted:
        model.load_weights(path)
        np.testing.assert_array_equal(model.get_weights()[0], KERNEL)
    else:
        with pytest.raises(ValueError, match="packed by other means than gzip"):
            model.load_weights(path)
