"""A public name that its family's tests never mention has no test: this finds it."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
from test_api import find

HERE = Path(__file__).parent
API = json.loads((HERE / "data" / "public_api.json").read_text())
# Activations and layers are missing here: their tables are held against the names themselves.
FAMILIES = (
    "ops random losses metrics optimizers initializers regularizers constraints tree datasets"
).split()


def names(family: str) -> list[str]:
    """The names of a family that Hornbill has."""
    return [name for name in API if name.startswith(f"{family}.") and find(name) is not None]


def mentioned(family: str) -> list[str]:
    """Those of them that its tests mention, be it as `f"segment_{kind}"`."""
    files = [*(HERE / family).rglob("*.py"), *HERE.glob(f"test_{family}.py")]
    words = set(re.findall(r"\w+\{?", " ".join(file.read_text() for file in files)))
    begun = tuple(word[:-1] for word in words if word.endswith("_{"))
    lasts = {name: name.rpartition(".")[2] for name in names(family)}
    return [name for name, last in lasts.items() if last in words or last.startswith(begun)]


@cache
def known_things() -> set[int]:
    """The things that are mentioned under any of their names, in the tests of any family."""
    return {id(find(name)) for family in FAMILIES for name in mentioned(family)}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_name_is_mentioned(family):
    assert names(family)
    assert [name for name in names(family) if id(find(name)) not in known_things()] == []
