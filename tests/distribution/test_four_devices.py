"""Runs on four devices, in processes of their own: a processor is split when JAX starts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "four_devices.py"


def run(*arguments) -> str:
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[2] / "src")}
    environment["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_all_checks(tmp_path):
    said = json.loads(run(SCRIPT, tmp_path).strip().splitlines()[-1])
    assert len(said) > 10
    failed = {name: text for name, text in said.items() if text}
    assert not failed, "\n\n".join(f"{name}: {text}" for name, text in failed.items())


@pytest.mark.slow
def test_a_script_of_tensorflow():
    script = SCRIPT.parents[1] / "tf_face" / "scripts" / "mirrored.py"
    assert "devices: 4" in run("-m", "hornbill", "run", script)
