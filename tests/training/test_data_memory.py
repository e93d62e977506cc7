"""A file four times as large as the memory allowed trains within it."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import sys, threading, time
import numpy as np, h5py
import hornbill as hb

def anonymous():  # the process's own memory in bytes, without the pages of files
    with open("/proc/self/status") as file:
        return next(int(l.split()[1]) << 10 for l in file if l.startswith("RssAnon"))

rows, width, limit = 100_000, 1000, 100 << 20
kind, path = sys.argv[1:]
y = np.zeros((rows, 1), "float32")
if kind == "memmap":  # a file of zeros takes no space
    x = np.memmap(path, "float32", "w+", shape=(rows, width))
elif kind == "h5py":
    x = h5py.File(path, "w").create_dataset("x", (rows, width), "float32", chunks=(1000, width))
else:
    import scipy.sparse
    hb.config.set_max_device_data(limit)
    x = scipy.sparse.csr_matrix((rows, width), dtype="float32")
assert rows * width * 4 >= 3.8 * limit
model = hb.Sequential([hb.Input((width,)), hb.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.zeros((2500, width), "float32"), y[:2500], batch_size=1000, verbose=0)
before = peak = anonymous()
over = threading.Event()

def watch():
    global peak
    while not over.wait(0.002):
        peak = max(peak, anonymous())

thread = threading.Thread(target=watch)
thread.start()
if kind == "h5py":
    model.fit(x, y, batch_size=1000, verbose=0, shuffle="batch")
else:
    model.fit(x, y, batch_size=1000, verbose=0)
model.evaluate(x, y, batch_size=1000, verbose=0)
over.set()
thread.join()
print("grew by", (peak - before) >> 20, "MiB")
assert peak - before < limit, (peak - before) >> 20
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads Linux's /proc")
@pytest.mark.parametrize("kind", ["memmap", "h5py", "sparse"])
def test_data_of_400_mb_trains_within_100_mb(kind, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, kind, str(tmp_path / "rows")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
