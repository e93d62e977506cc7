"""Scopes, devices and switches."""

import jax
import numpy as np
import pytest

import hornbill as hb
from hornbill import StatelessScope, config


@pytest.mark.parametrize("name", ["cpu", "CPU:0", "/device:CPU:0", jax.devices("cpu")[0]])
def test_device(name):
    with hb.device(name):
        assert hb.ops.ones((2,)).device == jax.devices("cpu")[0]


@pytest.mark.parametrize("name", ["cpu:99", "abacus", "cpu:x", 3])
def test_unknown_device(name):
    with pytest.raises(ValueError, match="Received: device_name="):
        hb.device(name)


def test_scope_collects_losses():
    layer = hb.layers.ActivityRegularization(l2=1.0)
    x = np.ones((2, 3), "float32")
    with StatelessScope(collect_losses=True) as scope:
        layer(x)
        scope.add_loss(5.0)
    assert [float(loss) for loss in scope.losses] == [3.0, 5.0]
    with StatelessScope() as scope:
        layer(x)
    assert scope.losses == []


def test_scope_takes_keras_updates():
    v = hb.Variable(1.0)
    with StatelessScope([(v, 2.0)]) as scope:
        assert scope.get_current_value(v) == 2.0
        scope.add_update((v, 3.0))
    assert (scope.get_current_value(v), float(v)) == (3.0, 1.0)


def test_refusals():
    with pytest.raises(ValueError, match="Received: initialize_variables=False"):
        StatelessScope(initialize_variables=False)
    with pytest.raises(TypeError, match=r"A layout is a .*Received: 'rows'"):
        hb.Variable(1.0, layout="rows")
    with pytest.raises(ValueError, match="Received: backend='torch'"):
        config.set_backend("torch")
    with pytest.raises(RuntimeError, match="never code"):
        config.enable_unsafe_deserialization()
    config.set_backend("jax")
    assert config.is_nnx_enabled() is False


def test_flash_attention_switch():
    x = np.ones((1, 2, 1, 8), "float32")
    assert config.is_flash_attention_enabled() is None
    config.enable_flash_attention()
    try:
        assert config.is_flash_attention_enabled() is True
        if jax.default_backend() == "cpu":
            with pytest.raises(Exception, match=r"cuDNN|cudnn|GPU"):
                hb.ops.dot_product_attention(x, x, x)
        hb.ops.dot_product_attention(x, x, x, flash_attention=False)
        config.disable_flash_attention()
        assert config.is_flash_attention_enabled() is False
        hb.ops.dot_product_attention(x, x, x)
    finally:
        hb.engine.config._settings["flash_attention"] = None


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8", "uint32", "bool"])
def test_kinds_of_dtype(dtype):
    assert hb.backend.is_float_dtype(dtype) == ("float" in dtype)
    assert hb.backend.is_int_dtype(dtype) == ("int" in dtype)
