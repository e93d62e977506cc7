"""A training that is killed at 25 moments ends bit for bit as one that never was."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
STAGES = ("moment", "step", "begun", "half", "written", "renamed")


def run(folder, *plan):
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE.parent.parent / "src"),
        "JAX_PLATFORMS": "cpu",
        "HORNBILL_CACHE": "off",
    }
    os.makedirs(folder, exist_ok=True)
    command = [sys.executable, str(HERE / "resume_run.py"), str(folder), *map(str, plan)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)


def end_of(folder):
    done = run(folder)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "end.npz") as file:
        values = dict(file)
    return values, json.loads((folder / "end.json").read_text()), (folder / "log.csv").read_text()


@pytest.mark.slow
def test_25_kills_change_no_bit(tmp_path):
    rng = np.random.default_rng(11)
    kinds = [STAGES[i % len(STAGES)] for i in range(25)]
    rng.shuffle(kinds)
    for kind in kinds:
        number = int(rng.integers(100)) if kind == "moment" else int(rng.integers(1, 4))
        done = run(tmp_path / "killed", kind, number)
        assert done.returncode == -signal.SIGKILL, (kind, number, done.stderr)
    values, history, log = end_of(tmp_path / "killed")
    wanted, wanted_history, wanted_log = end_of(tmp_path / "whole")
    assert history == wanted_history
    assert log == wanted_log
    assert values.keys() == wanted.keys()
    for name, value in values.items():
        np.testing.assert_array_equal(value, wanted[name])


@pytest.mark.slow
def test_sigterm_ends_the_process_as_ever(tmp_path):
    code = (
        "import os, signal, sys\n"
        f"sys.path.insert(0, {str(HERE)!r})\n"
        "import resume_run\n"
        "class Send(resume_run.hb.callbacks.Callback):\n"
        "    def on_train_batch_begin(self, batch, logs=None):\n"
        "        if batch == 3:\n"
        "            os.kill(os.getpid(), signal.SIGTERM)\n"
        f"resume_run.train({str(tmp_path)!r}, Send())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent.parent / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, timeout=300)
    assert done.returncode == -signal.SIGTERM
    from hornbill.training import store

    state = store.load(tmp_path / "checkpoints")
    assert (state["epoch"], state["step"]) == (0, 4)
