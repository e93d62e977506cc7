"""The progress line where it may go: a terminal, a pipe, a notebook."""

import itertools
import os
import pty
import re
import subprocess
import sys
import textwrap
import time

import pytest

import hornbill as hb
from hornbill.training.callbacks import progress

from .models import X, Y, linear

# A small training with slow steps, so that the line is drawn while it runs.
SCRIPT = textwrap.dedent("""
    import time
    import numpy as np
    import hornbill as hb

    model = hb.Sequential([hb.Input((2,)), hb.layers.Dense(1)])
    model.compile("sgd", "mse")
    slow = hb.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.06))
    model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=2, batch_size=2, callbacks=[slow])
""")
TIMES = r"\d+s \d+[mu]?s/step [\d.]+[kM]? samples/s"


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "120"}


def on_a_terminal(script: str) -> str:
    """What a script writes when its standard output is a (pseudo) terminal."""
    ours, its = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", script], stdout=its, env=environment())
    os.close(its)
    parts = []
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux's way of saying that the other end is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    assert process.wait(120) == 0
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_a_terminal_shows_keras_s_line_with_time_left_and_throughput():
    epochs = on_a_terminal(SCRIPT).split("Epoch ")[1:]
    assert [e.splitlines()[0] for e in epochs] == ["1/2", "2/2"]
    for epoch in epochs:
        *live, last = epoch.split("\n", 1)[1].rstrip("\n").split("\r")[1:]
        assert "\n" not in "".join([*live, last])  # all of an epoch is drawn on one line
        assert len(live) >= 3
        for line in live:
            seen = int(line[0])
            bar = "━" * (5 * seen) + "─" * (20 - 5 * seen)
            assert re.fullmatch(rf"{seen}/4 {bar} {TIMES} - loss: [\d.e-]+ *", line)
        assert re.fullmatch(rf"4/4 {'━' * 20} {TIMES} - loss: [\d.e-]+ *", last)


def test_a_pipe_gets_a_line_per_epoch():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    for epoch, line in enumerate(lines, 1):
        assert re.fullmatch(rf"Epoch {epoch}/2 - 4/4 {TIMES} - loss: [\d.e-]+", line)
    assert "\r" not in done.stdout
    assert "\x1b" not in done.stdout


@pytest.fixture
def notebook(monkeypatch):
    """A shell of IPython's as a Jupyter kernel has it; yields what is displayed in its cells."""
    pytest.importorskip("IPython")
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.display_pub = CapturingDisplayPublisher()
    monkeypatch.setattr(shell, "kernel", object(), raising=False)  # a terminal's shell has none
    yield shell.display_pub.outputs
    InteractiveShell.clear_instance()


def test_a_notebook_replaces_its_output(notebook, capsys):
    slow = hb.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.06))
    linear(hb).fit(X, Y, epochs=2, batch_size=2, callbacks=[slow])
    assert capsys.readouterr().out == "Epoch 1/2\nEpoch 2/2\n"
    by_epoch = [
        list(group)
        for _, group in itertools.groupby(notebook, lambda o: o["transient"]["display_id"])
    ]
    assert len(by_epoch) == 2
    for first, *updates in by_epoch:
        assert not first["update"]
        assert len(updates) >= 2
        assert all(u["update"] for u in updates)
        texts = [o["data"]["text/plain"] for o in (first, *updates)]
        assert re.fullmatch(rf"4/4 {'━' * 20} {TIMES} - loss: [\d.e-]+", texts[-1])
        assert not any("\r" in text for text in texts)


def test_time_left_and_throughput_leave_the_first_step_out(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    line = progress.Progress(100, samples=32, width=0)
    for seen, at in ((1, 30.0), (11, 31.0)):  # 30 s of compiling, then 0.1 s a step
        now[0] = at
        line.advance(seen)
    assert line.line() == " 11/100 9s 100ms/step 320 samples/s"
    now[0] = 3700.0
    assert line.line(" - loss: 1", finished=True).startswith(" 11/100 1:01:40 ")


def test_a_line_longer_than_the_terminal_is_cut(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    bar = hb.utils.Progbar(2, interval=0)
    metrics = [(f"a_long_name_{i}", 1.0) for i in range(4)]
    bar.update(1, metrics)
    assert len(capsys.readouterr().out.lstrip("\r")) == 39
    bar.update(2, metrics)
    assert "a_long_name_3: 1.0000" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.25, "0.2"), (9.96, "10.0"), (291.2, "291"), (15_840, "15.8k"), (3_020_000, "3.0M")],
)
def test_numbers_of_samples(value, expected):
    assert progress._short(value) == expected
