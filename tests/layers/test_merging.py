import json

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras.src.backend.common.masking import set_keras_mask
from keras_parity import data

import hornbill as hb
from hornbill.engine.beside import get_mask, set_mask
from hornbill.engine.serialize import deserialize, serialize

A, B, C = data(2, 3, 4), data(2, 3, 4)[::-1] * 2, data(2, 3, 4)[:, ::-1] + 1
MASKS = [np.array([[1, 1, 0], [1, 0, 0]], "bool"), np.array([[1, 0, 1], [1, 0, 0]], "bool"), None]
NAMES = ["Add", "Multiply", "Average", "Maximum", "Minimum"]
CASES = [
    *((name, {}, [A, B, C]) for name in NAMES),
    ("Subtract", {}, [A, B]),
    ("Add", {}, [A, A[:, :1]]),
    ("Multiply", {}, [A, A[:, 0]]),
    ("Maximum", {}, [A[:, 0, 0:1], A]),
    ("Concatenate", {}, [A, B[..., :1]]),
    ("Concatenate", {"axis": 1}, [A, B, C]),
    ("Dot", {"axes": 2}, [A, B]),
    ("Dot", {"axes": -1, "normalize": True}, [A, B]),
    ("Dot", {"axes": [1, -2]}, [A, B]),
    ("Dot", {"axes": [2, 1]}, [A, B[:, 0]]),
    ("Dot", {"axes": 1, "normalize": True}, [A[:, 0], B[:, 0]]),
    ("Dot", {"axes": [2, 3]}, [A, data(2, 5, 2, 4)]),
]


def output_and_gradients(layer, inputs):
    def loss(inputs):
        y = layer(inputs)
        return (y * jnp.cos(jnp.arange(y.size)).reshape(y.shape)).sum(), y

    (_, y), gradients = jax.jit(jax.value_and_grad(loss, has_aux=True))(inputs)
    return [y, *gradients]


@pytest.mark.parametrize(("name", "settings", "inputs"), CASES)
def test_equals_keras(name, settings, inputs):
    theirs = getattr(keras.layers, name)(**settings, name="layer")
    config = json.loads(json.dumps(serialize(getattr(hb.layers, name)(**settings, name="layer"))))
    ours = deserialize(config)
    assert keras.saving.deserialize_keras_object(config).get_config() == theirs.get_config()
    results = output_and_gradients(ours, inputs), output_and_gradients(theirs, inputs)
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    y = results[0][0]
    assert ours.compute_output_shape([x.shape for x in inputs]) == y.shape
    half = getattr(hb.layers, name)(**settings, dtype="mixed_bfloat16")
    symbolic = half([hb.Input(x.shape[1:]) for x in inputs])
    assert symbolic.shape == (None, *y.shape[1:])
    assert symbolic.dtype == "bfloat16"
    function = getattr(hb.layers, name.lower())
    np.testing.assert_allclose(function(inputs, **settings), y, rtol=1e-5, atol=1e-5)


def merged(layer, set_the_mask, masks):
    inputs = [jnp.array(x) for x in (A, B, C)]
    for x, mask in zip(inputs, masks, strict=True):
        set_the_mask(x, None if mask is None else jnp.array(mask))
    return layer(inputs)


@pytest.mark.parametrize("masks", [MASKS, [MASKS[0], MASKS[1], ~MASKS[0]], [None] * 3])
@pytest.mark.parametrize("name", [*NAMES, "Concatenate"])
def test_masks_as_keras(name, masks):
    theirs = merged(getattr(keras.layers, name)(), set_keras_mask, masks)
    ours = merged(getattr(hb.layers, name)(), set_mask, masks)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    expected = getattr(theirs, "_keras_mask", None)
    if expected is None:
        assert get_mask(ours) is None
    else:
        np.testing.assert_array_equal(get_mask(ours), expected)


def test_concatenate_joins_masks_along_time():
    layer = hb.layers.Concatenate(axis=1)
    y = merged(layer, set_mask, MASKS)
    np.testing.assert_array_equal(
        get_mask(y), np.concatenate([MASKS[0], MASKS[1], np.ones((2, 3), "bool")], 1)
    )


def test_dot_has_no_mask():
    x = jnp.array(A)
    set_mask(x, jnp.ones((2, 3), "bool"))
    assert get_mask(hb.layers.Dot(axes=2)([x, jnp.array(B)])) is None


def test_unknown_dimensions():
    x, y = hb.Input((None, 4)), hb.Input((None, 4))
    assert hb.layers.add([x, y]).shape == (None, None, 4)
    assert hb.layers.concatenate([x, y]).shape == (None, None, 8)
    assert hb.layers.concatenate([x, y], axis=1).shape == (None, None, 4)
    assert hb.layers.dot([x, y], axes=2).shape == (None, None, None)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda m: m.Add()(A), r"'add.*takes a list of tensors.*Received: one tensor of shape"),
        (lambda m: m.Add()([A, A[:, :2]]), r"axis -2 has the sizes \[2, 3\]. Received: shapes"),
        (lambda m: m.Add()([A, A[:1]]), "takes tensors of one batch size"),
        (lambda m: m.Add()([hb.Input((3,)), hb.Input((4,))]), r"the sizes \[3, 4\]"),
        (lambda m: m.Subtract()([A, A, A]), "a list of two tensors. Received: 3 tensors"),
        (lambda m: m.Concatenate(axis="a"), "Concatenate's axis is an int. Received: axis='a'"),
        (lambda m: m.Concatenate(axis=3)([A, A]), "that have an axis 3. Received: shapes"),
        (lambda m: m.Concatenate()([A, A[0]]), "takes tensors of one rank"),
        (lambda m: m.Concatenate()([A, A[:, :2]]), "differ in size only along axis -1"),
        (lambda m: m.Concatenate()(A), "takes a list of tensors"),
        (lambda m: m.Dot(axes=0), "none of them 0, the batch. Received: axes=0"),
        (lambda m: m.Dot(axes=(1, 2, 3)), "an int or a pair of ints"),
        (lambda m: m.Dot(axes="a"), "Received: axes='a'"),
        (lambda m: m.Dot(axes=1)(A), "Dot. takes a list of two tensors"),
        (lambda m: m.Dot(axes=3)([A, B]), "axis 3, which is the batch or no axis"),
        (lambda m: m.Dot(axes=(1, 2))([A, B]), "needs equal sizes along the axes"),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make(hb.layers)
