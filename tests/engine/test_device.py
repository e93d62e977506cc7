"""Arrays of the host on the device: nothing compiled for a new shape, nothing shared."""

import jax
import numpy as np
import pytest

import hornbill as hb
from hornbill.engine.device import from_host


def aligned(count: int) -> np.ndarray:
    """Zeros that lie where the CPU device would take them over without a copy."""
    raw = np.zeros(4 * count + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + 4 * count].view("float32")


WAYS = {
    "from_host": from_host,
    "op": lambda x: hb.ops.convert_to_tensor(x),
    "Variable": lambda x: hb.Variable(x).value,
    "assign": lambda x: hb.Variable(np.ones_like(x)).assign(x).value,
    "Constant": lambda x: hb.initializers.Constant(x)(x.shape),
    "layer": lambda x: hb.layers.Identity()(x),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_memory_is_not_shared(way):
    x = aligned(1000)
    got = way(x)
    x[:] = 7
    assert not np.any(got)


@pytest.mark.parametrize(
    ("array", "dtype", "expected"),
    [
        (np.arange(3.0), None, "float32"),
        (np.arange(3), None, "int32"),
        ([True, False], None, "bool"),
        (np.arange(3.0), np.dtype("float16"), "float16"),
        (np.arange(6.0).reshape(2, 3).T, np.dtype("int32"), "int32"),
    ],
)
def test_values_and_dtypes(array, dtype, expected):
    got = from_host(array, dtype)
    assert got.dtype == expected
    assert not got.weak_type
    np.testing.assert_array_equal(got, array)


def test_inside_a_trace():
    table = np.arange(3.0)
    got = jax.jit(lambda i: from_host(table)[i] + hb.ops.add(table, 1)[i])(2)
    assert float(got) == 5


def test_few_programs_before_the_first_step(caplog):
    """The first step costs its own compilation, not one for each weight."""
    units = 3, 5, 13
    caplog.set_level("WARNING")
    with jax.log_compiles():
        model = hb.Sequential([hb.Input((17,)), *map(hb.layers.Dense, units)])
        model.add(hb.layers.Dropout(0.5))
        model.compile("sgd", "mse", metrics=["mae"])
        model.fit(np.ones((4, 17)), np.ones((4, 13)), verbose=0)
    compiled = [r.getMessage() for r in caplog.records if r.getMessage().startswith("Compiling")]
    assert 1 <= len(compiled) <= 3, compiled


def test_weights_that_were_handed_out_survive_training():
    model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(1)])
    model.compile("sgd", "mse")
    held = [v.value for v in (*model.variables, *model.metrics_variables)]
    before = [np.array(a) for a in held]
    model.fit(np.ones((4, 3)), np.ones((4, 1)), batch_size=2, verbose=0)
    for array, old in zip(held, before, strict=True):
        np.testing.assert_array_equal(array, old)
    assert not np.array_equal(model.layers[0].kernel.value, before[0])
