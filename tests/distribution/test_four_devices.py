"""What `four_devices.py` found, in a process of its own: a processor is split when JAX starts."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "four_devices.py"
CHECKS = re.findall(r"^def check_(\w+)", SCRIPT.read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[2] / "src")}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.slow
@pytest.mark.xdist_group("four devices")
@pytest.mark.parametrize("check", CHECKS)
def test_on_four_devices(check, said):
    assert said[f"check_{check}"] == ""
