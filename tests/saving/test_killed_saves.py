"""A save whose process dies leaves the old file whole."""

import contextlib
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import hornbill as hb

# Saves over and over; the parent kills it in the middle of one.
SCRIPT = """
import sys
import numpy as np
import hornbill as hb

path = sys.argv[1]
model = hb.Sequential([hb.Input((300,)), hb.layers.Dense(1000), hb.layers.Dense(1000)])
save = model.save if path.endswith(".keras") else model.save_weights
for n in range(1, 100_000):
    model.set_weights([np.full(w.shape, n, w.dtype) for w in model.get_weights()])
    save(path)
    print(n, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["m.keras", "m.weights.h5"])
def test_a_killed_save(name, tmp_path):
    path = str(tmp_path / name)
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", SCRIPT, path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as child:
        while (line := child.stdout.readline()) and int(line) < 3:
            pass
        # The next save is on its way: it dies where it happens to be.
        before = set(os.listdir(tmp_path))
        while set(os.listdir(tmp_path)) <= before and child.poll() is None:
            pass
        child.send_signal(signal.SIGKILL)
        done = [3, *map(int, child.stdout.read().split())]
    assert child.returncode == -signal.SIGKILL
    if name == "m.keras":
        model = hb.saving.load_model(path)
    else:
        model = hb.Sequential([hb.Input((300,)), hb.layers.Dense(1000), hb.layers.Dense(1000)])
        model.load_weights(path)
    # The last save that was reported, or the one after it, and nothing in between.
    numbers = np.unique(np.concatenate([w.ravel() for w in model.get_weights()]))
    assert len(numbers) == 1
    assert done[-1] <= numbers[0] <= done[-1] + 1


class Killed(BaseException):
    pass


class Death:
    """From the call of a number on, nothing changes the disk any more: the process is dead."""

    def __init__(self, monkeypatch, number):
        self.left = number
        for name in ("replace", "unlink", "remove"):
            monkeypatch.setattr(os, name, self.until(getattr(os, name)))

    def until(self, function):
        def call(*args):
            self.left -= 1
            if self.left < 0:
                raise Killed
            return function(*args)

        return call


@pytest.mark.parametrize("name", ["m.weights.json", "m.safetensors"])
def test_a_set_of_shards_is_saved_as_a_whole(name, tmp_path):
    path = tmp_path / name

    def save(value, layers):
        model.set_weights([np.full(w.shape, value, w.dtype) for w in model.get_weights()])
        model.save_weights(path, max_shard_size=(24 * layers + 1) / 2**30)

    def files():
        return [file for file in os.listdir(tmp_path) if not file.startswith(".")]

    model = hb.Sequential([hb.Input((2,)), *[hb.layers.Dense(2) for _ in range(4)]])
    values = []
    for number in range(30):
        save(0, layers=2)
        save(0, layers=2)
        # Nothing but temporary files stays of what was killed.
        assert len([file for file in files() if "-save" in file]) == 2
        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
            death = Death(patch, number)
            save(number + 1, layers=1)
        model.load_weights(path)
        (value,) = np.unique(np.concatenate([w.ravel() for w in model.get_weights()]))
        assert value in (0, number + 1)
        values.append(value)
        if death.left >= 0:
            break
    # The old set lasted while four files took their places, and the index theirs.
    assert values[:5] == [0] * 5
    assert values[-1] == number + 1
    assert len([file for file in files() if "-save" in file]) == 4
