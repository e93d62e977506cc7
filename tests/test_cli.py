"""The command `hornbill`, as a user runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"


def hornbill(*arguments, **kwargs):
    """The output of `python -m hornbill ...`."""
    path = os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "hornbill", *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
        **kwargs,
    ).stdout


def test_help_says_what_the_demo_does():
    text = " ".join(hornbill("demo", "--help").split())
    for words in ("Sequential CNN", "two inputs", "residual", "confusion matrix", "history.png"):
        assert words in text
    assert "demo" in hornbill("--help")
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", hornbill("--version"))


@pytest.mark.slow
def test_demo_trains_three_models_on_real_data(tmp_path):
    out = hornbill("demo", "--out", str(tmp_path))
    accuracies = {
        name: float(value) for name, value in re.findall(r"Test accuracy of (\w+): ([\d.]+)%", out)
    }
    assert set(accuracies) == {"sequential_cnn", "two_inputs", "residual"}
    assert min(accuracies.values()) >= 97.0
    assert out.count("predictions are identical.") == 3
    assert out.count("Confusion matrix") == 3
    for name in accuracies:
        assert f'Model: "{name}"' in out
        assert (tmp_path / f"{name}.weights.h5").stat().st_size > 0
    assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")
    assert "\r" not in out
