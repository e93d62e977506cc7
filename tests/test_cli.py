"""The command `hornbill`, as a user runs it."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"


def hornbill(*arguments, extra=None, **kwargs):
    """The output of `python -m hornbill ...`."""
    path = os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "hornbill", *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path, **(extra or {})},
        **kwargs,
    ).stdout


def test_help_says_what_the_demo_does():
    text = " ".join(hornbill("demo", "--help").split())
    for words in ("Sequential CNN", "two inputs", "residual", "confusion matrix", "history.png"):
        assert words in text
    assert "demo" in hornbill("--help")
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", hornbill("--version"))


@pytest.mark.slow
def test_doctor_says_what_is_there(tmp_path):
    import jax

    out = hornbill("doctor", extra={"HORNBILL_CACHE": str(tmp_path / "kept"), "XLA_FLAGS": ""})
    found = dict(re.findall(r"^  (\S+(?: epoch)?) {2,}(\S.*)$", out, re.MULTILINE))
    assert found["jax"] == jax.__version__
    assert found["python"].startswith(platform.python_version())
    assert found[f"{jax.default_backend()}:0"]
    assert found["folder"].startswith(str(tmp_path / "kept"))
    assert float(found["training"].split()[0]) > 0
    assert found["floatx"] == "float32"
    if jax.default_backend() == "cpu":
        assert "1.5 million on two idle cores" in found["expected"]
        assert found["xla_cpu_scheduler_type"] == "'CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED'"
    assert out.endswith("No problems found.\n")
    assert "doctor" in hornbill("--help")


def test_doctor_fails_where_something_is_wrong(monkeypatch, capsys, tmp_path):
    from hornbill import cli, doctor

    def nothing_learned(problems):
        problems.append("Training did not learn.")
        return [("training", "1 sample a second")]

    monkeypatch.setattr(doctor, "speed", nothing_learned)
    with pytest.raises(SystemExit) as ended:
        cli.main(["doctor"])
    assert ended.value.code == 1
    assert capsys.readouterr().out.endswith("Problem: Training did not learn.\n")


def test_doctor_finds_a_cache_that_cannot_be_written(monkeypatch, tmp_path):
    import jax

    from hornbill import doctor
    from hornbill.engine import cache

    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HORNBILL_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(cache, "switch_on", lambda: None)
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", None)
    try:
        problems = []
        rows = dict(doctor.compiled_programs(problems))
    finally:
        jax.config.update("jax_compilation_cache_dir", before)
    assert rows["folder"].startswith("none")
    assert "Set HORNBILL_CACHE" in problems[0]


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
