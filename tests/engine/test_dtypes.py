import jax.numpy as jnp
import keras
import numpy as np
import pytest

import hornbill as hb
from hornbill.engine import dtypes

NAMES = ["bool", "uint8", "int8", "int32", "float16", "bfloat16", "float32"]


@pytest.mark.parametrize("a", NAMES)
@pytest.mark.parametrize("b", [*NAMES, int, float, bool])
def test_promotion_is_keras(a, b):
    assert dtypes.result_type(a, b) == keras.backend.result_type(a, b)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (None, "float32"),
        (float, "float32"),
        (int, "int32"),
        (bool, "bool"),
        (np.float64, "float64"),
        (np.dtype("int16"), "int16"),
        (jnp.bfloat16, "bfloat16"),
        ("half", "float16"),
    ],
)
def test_names(given, name):
    assert dtypes.standardize_dtype(given) == name


def test_unknown_dtype():
    with pytest.raises(ValueError, match=r"Unknown dtype.*float12"):
        hb.layers.Dense(1, dtype="float12")
    with pytest.raises(ValueError, match="mixed_float16"):
        hb.DTypePolicy("mixed_float8")


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_policies_cast_inputs_and_weights(policy):
    layer = hb.layers.Dense(2, dtype=policy)
    out = layer(np.ones((3, 4), "float32"))
    wanted = hb.DTypePolicy(policy)
    assert str(out.dtype) == wanted.compute_dtype == layer.compute_dtype
    assert layer.kernel.dtype == wanted.variable_dtype


def test_global_policy_reaches_new_layers_only():
    before = hb.layers.Dense(1)
    hb.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert hb.layers.Dense(1).compute_dtype == "bfloat16"
        assert before.compute_dtype == "float32"
        assert hb.mixed_precision.global_policy().name == "mixed_bfloat16"
    finally:
        hb.config.set_dtype_policy("float32")


def test_settings():
    assert hb.config.backend() == "jax"
    assert hb.config.epsilon() == keras.config.epsilon()
    for name, value in (("floatx", "int8"), ("epsilon", -1), ("image_data_format", "nchw")):
        with pytest.raises(ValueError):
            getattr(hb.config, f"set_{name}")(value)
