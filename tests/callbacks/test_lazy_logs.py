"""A batch's logs are a dict of floats, fetched from the device only when somebody reads them."""

import json
import pickle

import jax
import numpy as np
import pytest

import hornbill as hb
from hornbill.training.callbacks.callback import LazyLogs


@pytest.fixture
def fetches(monkeypatch):
    """Counts what is fetched from the device."""
    seen, fetch = [], jax.device_get

    def counted(tree):
        if any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(tree)):
            seen.append(tree)
        return fetch(tree)

    monkeypatch.setattr(jax, "device_get", counted)
    return seen


def fit(callbacks, verbose):
    model = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1)])
    model.compile("sgd", "mse")
    batches = [(np.full((3, 2), n, "float32"), np.ones((3, 1), "float32")) for n in range(5)]
    return model.fit(iter(batches), steps_per_epoch=5, verbose=verbose, callbacks=callbacks)


def test_a_progress_line_that_is_not_drawn_fetches_nothing(fetches, capsys):
    fit(None, verbose=1)
    assert len(fetches) == 1  # at the end of the epoch
    assert "loss" in capsys.readouterr().out


def test_a_callback_pays_for_what_it_reads(fetches):
    class Now(hb.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seen = []

        def on_train_batch_end(self, batch, logs=None):
            assert isinstance(logs, dict)
            assert "loss" in logs
            if batch in (2, 4):
                self.seen.append((len(fetches), logs["loss"], logs["loss"]))

    now = Now()
    last = fit([now], verbose=0).history["loss"][-1]
    assert [count for count, *_ in now.seen] == [0, 1]
    assert all(isinstance(a, float) and a == b for _, a, b in now.seen)
    assert now.seen[-1][1] == last


READS = {
    "index": lambda logs: {"a": logs["a"], "b": logs["b"]},
    "get": lambda logs: {"a": logs.get("a"), "b": logs.get("b", 0)},
    "dict": dict,
    "stars": lambda logs: {**logs},
    "copy": lambda logs: logs.copy(),
    "items": lambda logs: {k: v for k, v in logs.items()},  # noqa: C416
    "values": lambda logs: dict(zip("ab", logs.values(), strict=True)),
    "or": lambda logs: logs | {},
    "or the other way": lambda logs: {} | logs,
    "update": lambda logs: [d := {}, d.update(logs)][0],
    "json": lambda logs: json.loads(json.dumps(logs)),
    "repr": lambda logs: eval(repr(logs)),
    "pop": lambda logs: {"b": logs.pop("b"), **logs},
    "popitem": lambda logs: dict([logs.popitem(), *logs.items()]),
    "setdefault": lambda logs: {"a": logs.setdefault("a", 3), "b": logs.setdefault("b", 0)},
    "pickle": lambda logs: dict(pickle.loads(pickle.dumps(logs))),
}


@pytest.mark.parametrize("name", READS)
def test_every_way_to_read_gives_floats(name):
    found = READS[name](LazyLogs(a=jax.numpy.float32(0.5), b=jax.numpy.ones(())))
    assert found == {"a": 0.5, "b": 1.0}
    assert {type(v) for v in found.values()} == {float}


def test_what_a_callback_writes_the_next_one_reads():
    logs = LazyLogs(a=jax.numpy.float32(0.5))
    logs["mine"] = "text"
    assert (logs == {"a": 0.5, "mine": "text"}, logs != {"a": 0.5}) == (True, True)
    assert (list(logs), len(logs), list(reversed(logs))) == (["a", "mine"], 2, ["mine", "a"])
