"""Formats whose package is not installed: one message that says which one to install."""

import sys

import pytest

import hornbill as hb


@pytest.mark.parametrize(
    ("format", "module", "message"),
    [
        ("onnx", "jax2onnx", r"'jax2onnx'.*pip install 'hornbill\[export\]'"),
        ("tf_saved_model", "tensorflow", "TensorFlow.*pip install tensorflow"),
    ],
)
def test_without_it(format, module, message, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    model = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1)])
    with pytest.raises(ImportError, match=message):
        model.export(tmp_path / "m", format=format)
    assert list(tmp_path.iterdir()) == []
