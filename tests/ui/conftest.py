"""A run of a tiny model, and the command `hornbill ui` on a folder of runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hornbill as hb

SOURCE = Path(__file__).parents[2] / "src"
RNG = np.random.default_rng(0)
X = RNG.normal(size=(32, 3)).astype("float32")
Y = (X @ np.array([[1.0], [-2.0], [0.5]]) + 0.5).astype("float32")


@pytest.fixture
def model():
    model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(1, name="line")], name="tiny")
    model.compile(hb.optimizers.SGD(0.125), "mse", metrics=["mae"])
    return model


def fit(model, *callbacks, **settings):
    settings = {"epochs": 3, "batch_size": 8, "shuffle": False, "verbose": 0, **settings}
    return model.fit(X, Y, callbacks=list(callbacks), **settings)


def read(folder) -> list[dict]:
    """The record of a run."""
    lines = (Path(folder) / "events.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def kinds(events, kind: str) -> list[dict]:
    return [event for event in events if event["kind"] == kind]


@pytest.fixture
def served(tmp_path):
    """The page's address, served from `tmp_path / "runs"` by a process of its own."""
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    process = subprocess.Popen(
        [sys.executable, "-m", "hornbill", "ui", str(tmp_path / "runs"), "--no-open"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    with process:
        line = process.stdout.readline()
        try:
            assert "http://127.0.0.1:" in line, line + process.stdout.read()
            process.address = line.split()[-1]
            yield process
        finally:
            process.kill()
