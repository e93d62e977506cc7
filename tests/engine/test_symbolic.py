import numpy as np
import pytest

import hornbill as hb
from hornbill import ops
from hornbill.engine.symbolic import SymbolicTensor


def symbolic(*shape, dtype="float32"):
    return SymbolicTensor(shape, dtype)


@pytest.mark.parametrize(
    ("build", "shape", "dtype"),
    [
        (lambda x: x + 1, (None, 4, 3), "float32"),
        (lambda x: 1 - x, (None, 4, 3), "float32"),
        (lambda x: x * x / 2, (None, 4, 3), "float32"),
        (lambda x: x @ np.ones((3, 5), "float32"), (None, 4, 5), "float32"),
        (lambda x: x[:, 0], (None, 3), "float32"),
        (lambda x: x[..., None, 1:], (None, 4, 1, 2), "float32"),
        (lambda x: x > 0, (None, 4, 3), "bool"),
        (lambda x: -x == abs(x), (None, 4, 3), "bool"),
        (lambda x: ops.reshape(x, (-1, 12)), (None, 12), "float32"),
        (lambda x: np.sin(x), (None, 4, 3), "float32"),
        (lambda x: np.ones((4, 3), "float32") + x, (None, 4, 3), "float32"),
        (lambda x: x.reshape((-1, 2, 6)), (None, 2, 6), "float32"),
        (lambda x: ops.concatenate([x, x], axis=0), (None, 4, 3), "float32"),
        (lambda x: ops.cast(x, "int32").T, (3, 4, None), "int32"),
        (lambda x: ops.mean(x, axis=0), (4, 3), "float32"),
    ],
)
def test_shapes_of_expressions(build, shape, dtype):
    out = build(symbolic(None, 4, 3))
    assert (out.shape, out.dtype) == (shape, dtype)


def test_code_that_counts_with_a_dimension_is_probed():
    class Countdown(hb.layers.Layer):
        def call(self, x):
            for _ in range(min(x.shape[1], 3)):
                x = x[:, :-1] if x.shape[1] > 80 else x
            return x

    assert Countdown()(symbolic(None, None, 2)).shape == (None, None, 2)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda x: bool(x > 0), "cannot decide an `if`"),
        (lambda x: np.mean(x), "hornbill.ops"),
        (lambda x: np.add.reduce(x), "hornbill.ops"),
        (lambda x: float(x), "placeholder without a value"),
        (lambda x: list(x), "cannot be iterated"),
        (lambda x: len(x), "no known length"),
        (lambda x: x + symbolic(None, 7), r"ops\.add cannot take.*\n.*shape \(None, 4, 3\)"),
        (lambda x: ops.matmul(x, symbolic(5, 2)), r"ops\.matmul cannot take"),
        (lambda x: ops.reshape(x, (-1, 7)), r"ops\.reshape"),
    ],
)
def test_misuse_of_placeholders(use, message):
    with pytest.raises((TypeError, ValueError), match=message):
        use(symbolic(None, 4, 3))


def test_sparse_and_ragged_are_refused():
    with pytest.raises(ValueError, match="dense tensors only"):
        SymbolicTensor((None,), sparse=True)


def test_op_error_is_one_clear_message():
    with pytest.raises(ValueError, match=r"ops\.add cannot take") as caught:
        ops.add(np.ones(3), np.ones(4))
    assert "x1: shape (3,) float32, x2: shape (4,) float32" in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_operation_of_a_users_own():
    class Double(hb.Operation):
        def call(self, x):
            return x * 2

    x = hb.Input((3,))
    model = hb.Model(x, Double(name="twice")(x))
    data = np.arange(6, dtype="float32").reshape(2, 3)
    np.testing.assert_array_equal(model.predict(data, verbose=0), data * 2)
