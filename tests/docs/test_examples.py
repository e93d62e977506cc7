"""The scripts in `examples/` run in their quick form and reach what they should."""

import ast
import runpy
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
# For each script: what a quick run must reach. Each bound fails for a model that learns nothing.
REACHED = {
    "resnet": lambda r: r["accuracy"] > 0.8,  # by chance: 0.1
    "autoencoder": lambda r: r["after"] < 0.5 * r["before"],
    "vae": lambda r: r["loss"] < 0.75 * r["alone"] and r["divergence"] > 0.5,
    "gan": lambda r: r["sure"] > 0.6 and r["kinds"] >= 2,
    "policy_gradient": lambda r: r["last"] > 2 * r["first"],
    "text_classifier": lambda r: r["attention"] > 0.95 > r["bag of words"] + 0.05,
    "gpt": lambda r: r["bits"] < 5.0,  # 96 letters by chance: 6.6
    "tabular": lambda r: r["loss"] < r["best"] + 0.3 < r["mean"] and r["auc"] > 0.95,
}
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("name", REACHED)
def test_it_runs_and_learns(name, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    script = runpy.run_path(str(ROOT / "examples" / f"{name}.py"))
    reached = script["main"](["--quick", "--out", str(tmp_path)])
    assert REACHED[name](reached), reached
    assert capsys.readouterr().out.strip()
    from PIL import Image

    picture = np.asarray(Image.open(tmp_path / f"{name}.png").convert("L"))
    assert picture.min() < 100 < 200 < picture.max()


def test_each_script_is_short_tested_and_in_the_gallery():
    gallery = (ROOT / "docs" / "gallery.md").read_text()
    assert [s.stem for s in SCRIPTS] == sorted(REACHED)
    for script in SCRIPTS:
        lines = script.read_text().splitlines()
        assert len(lines) <= 120, script.name
        assert ast.get_docstring(ast.parse("\n".join(lines))), script.name
        picture = ROOT / "docs" / "images" / "gallery" / f"{script.stem}.png"
        assert f"`{script.name}`" in gallery
        assert f"images/gallery/{script.stem}.png" in gallery
        assert picture.stat().st_size < 60_000, picture.name
