"""The documentation builds without a warning, and its reference holds every public name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import hornbill

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_it_builds_without_warnings(tmp_path):
    for needed in ("mkdocs", "material", "mkdocstrings"):
        pytest.importorskip(needed)
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    losses = (tmp_path / "reference" / "losses" / "index.html").read_text()
    assert 'id="hornbill.losses.BinaryCrossentropy"' in losses  # made at run time
    assert "from_logits" in losses
    layers = (tmp_path / "reference" / "layers" / "index.html").read_text()
    missing = [
        name
        for name in dir(hornbill.layers)
        if name[0].isupper() and f'id="hornbill.layers.{name}"' not in layers
    ]
    assert missing == []
    chinese = (tmp_path / "getting-started.zh" / "index.html").read_text()
    assert "快速上手" in chinese
