import keras
import numpy as np
import pytest

import hornbill as hb
from hornbill.dtype_policies import DTypePolicyMap

POLICIES = {"mha/.*": "mixed_bfloat16", "mha/value": "float32", "decoder": "bfloat16"}


@pytest.mark.parametrize(
    "path", ["mha/query", "mha/value", "decoder", "decoder/inner", "x/decoder", "mha"]
)
def test_policy_of_a_path_equals_keras(path):
    theirs = keras.dtype_policies.DTypePolicyMap("float32")
    for key, policy in POLICIES.items():
        theirs[key] = policy
    assert DTypePolicyMap("float32", POLICIES)[path].name == theirs[path].name


def test_layers_take_the_policy_of_their_path():
    policies = DTypePolicyMap("float32", POLICIES)
    layer = hb.layers.MultiHeadAttention(2, 4, dtype=policies, name="mha")
    layer(np.ones((1, 3, 4), "float32"), np.ones((1, 3, 4), "float32"))
    got = {x.name: x.compute_dtype for x in layer._flatten_layers()}
    assert (got["mha"], got["query"], got["value"]) == ("float32", "bfloat16", "float32")
    again = hb.layers.deserialize(hb.layers.serialize(layer))
    assert again.dtype_policy == policies
    assert hash(policies) != hash(again.dtype_policy)
    again.dtype_policy = "float16"
    assert again.compute_dtype == "float16"


def test_keras_reads_the_config():
    config = hb.dtype_policies.serialize(DTypePolicyMap(None, POLICIES))
    theirs = keras.dtype_policies.deserialize(config)
    assert theirs["mha/query"].name == "mixed_bfloat16"
    assert hb.dtype_policies.get(config)["mha/query"].name == "mixed_bfloat16"


def test_it_is_a_mapping():
    policies = DTypePolicyMap(policy_map={"a": "float16"})
    assert (len(policies), list(policies), "a" in policies, "b" in policies) == (
        1,
        ["a"],
        True,
        False,
    )
    assert (policies.name, policies.compute_dtype) == ("map_float32", "float32")
    assert policies.variable_dtype == "float32"
    hb.config.set_dtype_policy(policies)
    try:
        assert policies["b"].name == "float32"
    finally:
        hb.config.set_dtype_policy("float32")
    del policies["a"]
    assert repr(policies) == "<DTypePolicyMap float32, {}>"


@pytest.mark.parametrize(
    ("use", "error", "match"),
    [
        (lambda: DTypePolicyMap(DTypePolicyMap()), ValueError, "one policy. Received"),
        (lambda: DTypePolicyMap(None, ["a"]), TypeError, r"Received: policy_map=\['a'\]"),
        (lambda: DTypePolicyMap(None, {"a": "float31"}), ValueError, "float31"),
        (lambda: DTypePolicyMap("float32", {"a.*": "float16", ".*b": "float16"})["ab"], ValueError,
         r"matches several keys of a DTypePolicyMap: \['a.\*', '.\*b'\]"),
        (lambda: DTypePolicyMap(None, POLICIES).__setitem__("decoder", "float32"), ValueError,
         "holds 'decoder' already"),
    ],
)  # fmt: skip
def test_wrong_uses(use, error, match):
    with pytest.raises(error, match=match):
        use()
