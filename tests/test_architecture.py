"""The house: imports run downward only, files stay small, the import is quick."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "hornbill"

# From the ground up. A module may import what stands on its own floor or below.
FLOORS = [
    {"engine"},
    {"kernels"},
    {"ops", "random"},
    {"activations", "initializers", "regularizers", "constraints"},
    {"losses"},
    {"metrics"},
    {"optimizers"},
    {"layers"},
    {"training"},
    {"models"},
]
FLOOR = {name: i for i, names in enumerate(FLOORS) for name in names}
TOP = len(FLOORS)

# The looks upward that are meant, each inside a function: a public name is looked up.
ALLOWED = {
    ("engine/symbolic.py", "ops"),  # operators on symbolic tensors are ops
    ("engine/allowed.py", "hornbill"),  # classes of files are found in the public namespace
    ("models/model.py", "saving"),  # save_weights and kin
    ("models/model.py", "export"),
    ("models/__init__.py", "saving"),  # load_model and kin, handed on when asked for
}


def imports(path: Path):
    """`(target's top folder, whether it is inside a function)` of each import of our own."""
    package = ("hornbill", *path.relative_to(SOURCE).parent.parts)
    tree = ast.parse(path.read_text())
    inner = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            full = (*base, *(node.module or "").split(".")) if node.module else base
            if full[:1] != ("hornbill",):
                continue
            tops = {full[1]} if len(full) > 1 else {a.name for a in node.names}
            for top in tops:
                yield top, id(node) in inner
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "hornbill":
                    yield (alias.name.split(".") + ["hornbill"])[1], id(node) in inner


def floor_of(name: str) -> int:
    return FLOOR.get(name, TOP)


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE))
)
def test_imports_run_downward(path):
    relative = str(path.relative_to(SOURCE))
    mine = floor_of(path.relative_to(SOURCE).parts[0].removesuffix(".py"))
    upward = [
        top
        for top, inside in imports(path)
        if floor_of(top) > mine and not (inside and (relative, top) in ALLOWED)
    ]
    assert upward == []


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE))
)
def test_files_stay_small(path):
    # The bases of all layers and models, and the lists of ops, are half documentation.
    relative = str(path.relative_to(SOURCE))
    limit = 720 if relative == "layers/base.py" else 520
    limit = 620 if relative.startswith("ops/") else limit
    assert len(path.read_text().splitlines()) <= limit


def code_lines(path: Path) -> int:
    """How many lines hold code: no docstrings, comments or blank lines."""
    text = path.read_text()
    words = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    return sum(
        number not in words and line.strip() != "" and not line.lstrip().startswith("#")
        for number, line in enumerate(text.splitlines(), 1)
    )


def test_ops_stay_small():
    assert sum(map(code_lines, (SOURCE / "ops").rglob("*.py"))) < 3000


def run_python(code: str) -> str:
    """What a fresh Python prints that finds Hornbill in `src`, installed or not."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_leaves_heavy_modules_alone():
    code = (
        "import sys, hornbill; "
        "print([m for m in ('jax', 'h5py', 'rich', 'matplotlib', 'sklearn', 'tensorflow', 'keras',"
        " 'scipy') if m in sys.modules])"
    )
    assert run_python(code) == "[]"


def test_training_needs_none_of_the_extras():
    code = (
        "import sys\n"
        "import numpy as np, hornbill as hb\n"
        "model = hb.Sequential([hb.layers.Dense(1)])\n"
        "model.compile('sgd', 'mse')\n"
        "model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)\n"
        "print([m for m in ('matplotlib', 'sklearn', 'tensorflow', 'keras', 'pandas', 'torch')"
        " if m in sys.modules])"
    )
    assert run_python(code) == "[]"


def test_public_names_resolve():
    import hornbill

    for name in dir(hornbill):
        assert getattr(hornbill, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        hornbill.nonsense  # noqa: B018
