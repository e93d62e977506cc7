"""Memory stays flat: over many calls of one model, and over many models."""

import gc
import os

import jax
import numpy as np
import pytest

import hornbill as hb
from hornbill import layers

X = np.ones((8, 4), "float32")
Y = np.ones((8, 1), "float32")


def small():
    model = hb.Sequential([hb.Input((4,)), layers.Dense(2), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def live() -> int:
    gc.collect()
    return len(jax.live_arrays())


def resident_kilobytes() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads Linux's /proc")
def test_a_thousand_calls_keep_nothing():
    model = small()

    def calls(n):
        for _ in range(n):
            model.fit(X, Y, verbose=0)
            model.predict(X, verbose=0)
        return live(), resident_kilobytes()

    arrays, memory = calls(200)
    later_arrays, later_memory = calls(800)
    assert later_arrays == arrays
    # 20 KiB a call would be 16 MiB; the allocator's own doings stay under a third of that.
    assert later_memory - memory < 5 * 1024


@pytest.mark.slow
def test_models_that_are_dropped_leave_nothing():
    def one():
        model = small()
        model.fit(X, Y, verbose=0)
        model.predict(X, verbose=0)

    one()
    before = live()
    for _ in range(5):
        one()
    assert live() <= before
