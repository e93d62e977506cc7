import numpy as np
import pytest

import hornbill as hb
from hornbill.engine import compile


@pytest.mark.skipif(compile.platform() != "cpu", reason="options are the CPU's")
def test_an_option_that_the_compiler_does_not_know_is_left_out(monkeypatch):
    monkeypatch.setattr(compile, "CPU_OPTIONS", {"xla_cpu_of_another_version": "1"})
    model = hb.Sequential([hb.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(loss="mse")
    x, y = np.ones((4, 2), "float32"), np.full((4, 1), 3, "float32")
    assert model.evaluate(x, y, verbose=0) == pytest.approx(9)
    assert compile.options() == {}
