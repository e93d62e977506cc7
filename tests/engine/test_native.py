"""What depends on the machine's libraries, each in a process of its own."""

import os
import shutil
import subprocess
import sys
import sysconfig

import pytest

from hornbill.engine import onednn

TRAINING = """
import numpy as np
import hornbill as hb
from hornbill.engine import onednn
hb.utils.set_random_seed(0)
layers = hb.layers.Conv2D(16, 3, strides=2), hb.layers.Flatten(), hb.layers.Dense(1)
model = hb.Sequential([hb.Input((32, 32, 3)), *layers])
model.compile("sgd", "mse")
x = np.random.default_rng(0).random((32, 32, 32, 3), dtype="float32")
history = model.fit(x, x[:, 0, 0, :1], batch_size=16, epochs=2, shuffle=False, verbose=0)
print(onednn.available(), *history.history["loss"])
"""

PAGES = """
import resource
import numpy as np
from hornbill.engine import memory
kept = memory.keep(arenas=2)
np.ones(20_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    np.ones(20_000_000)
print(int(kept), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def output(code: str, **environment) -> list[str]:
    """The words that a script prints."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=own | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.split()


BUILT = sysconfig.get_platform() == "linux-x86_64" and shutil.which("c++")


@pytest.mark.skipif(not BUILT, reason="the bridge is built on Linux on x86-64, by a compiler")
def test_the_bridge_is_built():
    """Else all tests of oneDNN are skipped."""
    assert onednn.available() or os.environ.get("HORNBILL_ONEDNN")


@pytest.mark.skipif(not onednn.available(), reason="oneDNN is for Linux on x86-64")
def test_training_without_the_library(tmp_path):
    """Where it is switched off, missing, or another library, XLA trains to the same losses."""
    used, *expected = output(TRAINING)
    assert used == "True"
    broken = tmp_path / "libdnnl.so.3"
    broken.write_bytes(b"no library")
    for setting in ("off", str(tmp_path / "missing.so"), str(broken), str(onednn.BRIDGE)):
        used, *losses = output(TRAINING, HORNBILL_ONEDNN=setting)
        assert used == "False"
        assert list(map(float, losses)) == pytest.approx(list(map(float, expected)), rel=1e-4)


@pytest.mark.skipif("CS_GNU_LIBC_VERSION" not in os.confstr_names, reason="a setting of glibc")
def test_freed_memory_stays():
    """An array of the same size finds its pages again, unless the user asks for the opposite."""
    kept, faults = map(int, output(PAGES))
    left, others = map(int, output(PAGES, HORNBILL_MEMORY="release"))
    own, more = map(int, output(PAGES, MALLOC_ARENA_MAX="2"))
    assert (kept, left, own) == (1, 0, 0)
    assert faults * 10 < min(others, more)
