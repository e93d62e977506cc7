import keras
import numpy as np
import pytest

import hornbill as hb

A, B = np.ones((4, 2, 3), "float32"), np.full((4, 2, 3), 2.0, "float32")


def function(lib):
    x, y = lib.KerasTensor((None, 2, 3)), lib.KerasTensor((None, 2, 3))
    z = lib.ops.sigmoid(x + y)
    return lib.Function([x, y], {"sum": z, "row": z[:, 0]}, name="f")


def test_function_equals_keras():
    ours, theirs = function(hb), function(keras)
    got, want = ours([A, B]), theirs([A, B])
    for name in want:
        np.testing.assert_allclose(got[name], want[name], rtol=1e-6)
    assert (len(ours.inputs), len(ours.outputs)) == (2, 2)
    assert len(ours.operations) == len(theirs.operations)
    shapes = [(5, 2, 3), (5, 2, 3)]
    assert ours.compute_output_shape(shapes) == theirs.compute_output_shape(shapes)


def test_function_in_a_graph():
    x = hb.Input((2, 3))
    model = hb.Model(x, function(hb)([x, x])["row"])
    assert model.output.shape == (None, 3)
    np.testing.assert_allclose(model(A), 1 / (1 + np.exp(-2 * A[:, 0])), rtol=1e-6)


def test_layers_keep_their_weights():
    x = hb.Input((3,))
    dense = hb.layers.Dense(2)
    made = hb.Function(x, dense(x))
    np.testing.assert_allclose(made(A[:, 0]), dense(A[:, 0]))
    assert not hasattr(made, "weights")


def test_wrong_uses():
    with pytest.raises(ValueError, match=r"takes 2 inputs.*Received: 1"):
        function(hb)([A])
    x = hb.Input((3,))
    with pytest.raises(ValueError, match="needs outputs"):
        hb.Function(x, [])
    with pytest.raises(ValueError, match="depends on the input"):
        hb.Function(hb.Input((3,)), x + 1)
