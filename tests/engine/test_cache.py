"""Compiled programs are kept on disk: a second process takes them from there."""

import os
import subprocess
import sys

import pytest

from hornbill.engine import cache

SCRIPT = """
import jax, numpy as np
hits = []
jax.monitoring.register_event_listener(lambda name, **_: hits.append(name))
import hornbill as hb
hb.utils.set_random_seed(0)
{before}
model = hb.Sequential([hb.layers.LSTM(8), hb.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
x, y = np.ones((64, 5, 4), "float32"), np.arange(64) % 3
loss = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"]
print(loss, hits.count("/jax/compilation_cache/cache_hits"), jax.config.jax_compilation_cache_dir)
"""


def run(before="", **environment):
    """The losses, the programs that came from the cache, and the cache's folder."""
    known = {k: v for k, v in os.environ.items() if k != "HORNBILL_CACHE"}
    known["PYTHONPATH"] = os.pathsep.join(sys.path)  # where this process found hornbill
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(before=before)],
        env=known | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    losses, rest = done.stdout.strip().rsplit("]", 1)
    hits, where = rest.split()
    return losses, int(hits), where, done.stderr


@pytest.mark.slow
def test_a_second_process_compiles_nothing_again(tmp_path):
    first, none, where, _ = run(XDG_CACHE_HOME=str(tmp_path))
    assert none == 0
    assert where.startswith(str(tmp_path / "hornbill"))
    second, hits, *_ = run(XDG_CACHE_HOME=str(tmp_path))
    assert hits >= 1
    assert second == first

    # A torn file, as a kill in the midst of writing leaves it, costs a compilation only.
    for path in tmp_path.rglob("*-cache"):
        path.write_bytes(path.read_bytes()[:100])
    third, hits, *_ = run(XDG_CACHE_HOME=str(tmp_path))
    assert hits == 0
    assert third == first


@pytest.mark.slow
def test_what_the_user_set_wins(tmp_path):
    mine = str(tmp_path / "mine")
    set_in_jax = f"jax.config.update('jax_compilation_cache_dir', {mine!r})"
    assert run(set_in_jax, HORNBILL_CACHE=str(tmp_path / "other"))[2] == mine
    assert run(HORNBILL_CACHE="off")[2] == "None"


def test_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HORNBILL_CACHE", str(tmp_path))
    assert cache.folder().parent == tmp_path / "programs"
    monkeypatch.setenv("HORNBILL_CACHE", "off")
    assert cache.folder() is None
    monkeypatch.delenv("HORNBILL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache.folder().parent == tmp_path / "x" / "hornbill" / "programs"
