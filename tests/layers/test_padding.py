"""Padding, cropping and upsampling."""

import keras
import numpy as np
import pytest
from keras_parity import check, data

import hornbill as hb

X = {1: data(2, 7, 4), 2: data(2, 6, 5, 4), 3: data(1, 4, 5, 4, 4)}

CASES = [
    ("ZeroPadding1D", 1, {"padding": 2}),
    ("ZeroPadding1D", 1, {"padding": (1, 0), "data_format": "channels_first"}),
    ("ZeroPadding2D", 2, {"padding": (1, 2)}),
    ("ZeroPadding2D", 2, {"padding": ((1, 0), (0, 2)), "data_format": "channels_first"}),
    ("ZeroPadding3D", 3, {"padding": 1}),
    ("ZeroPadding3D", 3, {"padding": ((1, 0), (0, 2), (1, 1))}),
    ("Cropping1D", 1, {"cropping": (2, 0)}),
    ("Cropping1D", 1, {"cropping": 2}),
    ("Cropping2D", 2, {"cropping": ((1, 0), (0, 2))}),
    ("Cropping2D", 2, {"cropping": 1, "data_format": "channels_first"}),
    ("Cropping3D", 3, {"cropping": (1, 2, 0)}),
    ("UpSampling1D", 1, {"size": 3}),
    ("UpSampling2D", 2, {"size": (2, 3)}),
    ("UpSampling2D", 2, {"size": 2, "data_format": "channels_first"}),
    ("UpSampling2D", 2, {"size": (2, 3), "interpolation": "bilinear"}),
    ("UpSampling2D", 2, {"interpolation": "bicubic", "data_format": "channels_first"}),
    ("UpSampling2D", 2, {"interpolation": "lanczos3"}),
    ("UpSampling2D", 2, {"interpolation": "lanczos5"}),
    ("UpSampling3D", 3, {"size": (1, 2, 3)}),
    ("UpSampling3D", 3, {"size": 2, "data_format": "channels_first"}),
]


@pytest.mark.parametrize(("name", "rank", "settings"), CASES)
def test_equals_keras(name, rank, settings):
    x = X[rank]
    first = settings.get("data_format") == "channels_first"
    check(name, settings, x, unknown=tuple(range(2, x.ndim) if first else range(1, x.ndim - 1)))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("kind", ["ZeroPadding", "Cropping", "UpSampling"])
def test_defaults(kind, rank):
    theirs = getattr(keras.layers, f"{kind}{rank}D")()
    ours = getattr(hb.layers, f"{kind}{rank}D")()
    attribute = {"ZeroPadding": "padding", "Cropping": "cropping", "UpSampling": "size"}[kind]
    wanted = getattr(theirs, attribute)
    assert getattr(ours, attribute) == ((wanted,) if isinstance(wanted, int) else wanted)


def test_cropping_undoes_padding():
    sides = ((1, 2), (0, 3))
    padded = hb.layers.ZeroPadding2D(sides)(X[2])
    np.testing.assert_array_equal(hb.layers.Cropping2D(sides)(padded), X[2])


WRONG = [
    ("ZeroPadding1D", {"padding": (1, 2, 3)}, r"an int, or \(before, behind\).*\(1, 2, 3\)"),
    ("ZeroPadding2D", {"padding": -1}, "none negative. Received: padding=-1"),
    ("ZeroPadding2D", {"padding": (1, 2, 3)}, "2 ints, or 2 pairs"),
    ("ZeroPadding3D", {"padding": ((1, 1), (1, 1), 1.5)}, "3 ints, or 3 pairs"),
    ("Cropping2D", {"cropping": "1"}, "Cropping2D's cropping.*cropping='1'"),
    ("Cropping3D", {"cropping": (1, 2, (1, 2, 3))}, "3 pairs"),
    ("UpSampling2D", {"size": 0}, "size=0"),
    ("UpSampling2D", {"interpolation": "area"}, "one of nearest, bicubic.*'area'"),
]


@pytest.mark.parametrize(("name", "settings", "message"), WRONG)
def test_refuses_settings(name, settings, message):
    with pytest.raises(ValueError, match=message):
        getattr(hb.layers, name)(**settings)


def test_cropping_leaves_something():
    with pytest.raises(ValueError, match=r"'crop'.*nothing of axis 1, which has size 7"):
        hb.layers.Cropping1D((3, 4), name="crop")(X[1])
    with pytest.raises(ValueError, match="nothing of axis 2"):
        hb.layers.Cropping2D((0, 3))(hb.Input((6, 5, 4)))
