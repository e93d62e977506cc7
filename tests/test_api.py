"""The public namespace, held against Keras's names, parameters and defaults.

`data/public_api.json` lists those of Keras 3.15: facts, made from its signatures. What Hornbill
leaves out stands in the tables of `docs/differences.md`, nowhere else.
"""

import importlib
import inspect
import json
import re
from pathlib import Path

import pytest

import hornbill

HERE = Path(__file__).parent
API = json.loads((HERE / "data" / "public_api.json").read_text())
DIFFERENCES = (HERE.parent / "docs" / "differences.md").read_text()
LEFT_OUT = set(re.findall(r"^\| `([\w.]+)` \|", DIFFERENCES, re.MULTILINE))
FAMILIES = sorted({name.rpartition(".")[0].partition(".")[0] for name in API})


def find(name: str):
    """The thing of that public name, or None."""
    found = hornbill
    for part in name.split("."):
        if not hasattr(found, part):
            try:
                importlib.import_module(f"{found.__name__}.{part}")
            except (ImportError, AttributeError):
                return None
        found = getattr(found, part)
    return found


def symbols(family: str) -> list[str]:
    return [name for name in API if name.rpartition(".")[0].partition(".")[0] == family]


def differences(name: str) -> list[str]:
    """How a symbol's parameters differ from Keras's."""
    found = find(name)
    parameters = inspect.signature(found.__init__ if inspect.isclass(found) else found).parameters
    mine = {p.name: p for p in parameters.values() if p.name != "self"}
    positional = [p.name for p in mine.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    wrong, in_order = [], True
    for place, entry in enumerate(API[name]):
        in_order = in_order and not entry.startswith("*")
        parameter, _, default = entry.partition("=")
        if parameter.startswith("*"):
            continue
        if parameter not in mine:
            wrong.append(f"{parameter} is missing")
        elif in_order and positional[place : place + 1] != [parameter]:
            wrong.append(f"{parameter} is not parameter {place + 1}")
        elif default and repr(mine[parameter].default) != default:
            wrong.append(f"{parameter}={mine[parameter].default!r} instead of {default}")
    return wrong


@pytest.mark.parametrize("family", FAMILIES)
def test_every_name_is_there(family):
    missing = [name for name in symbols(family) if find(name) is None]
    assert sorted(set(missing) - LEFT_OUT) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_parameters_are_keras(family):
    wrong = {name: differences(name) for name in symbols(family) if find(name) is not None}
    assert {name: what for name, what in wrong.items() if what} == {}


def test_the_list_of_differences_is_true():
    assert {name for name in LEFT_OUT if name not in API} == set()
    # Remove a line from docs/differences.md when what it names has come.
    assert {name for name in LEFT_OUT if find(name) is not None} == set()


def test_a_difference_would_be_seen(monkeypatch):
    monkeypatch.setitem(API, "ops.abs", ["x", "y", "z=1"])
    assert differences("ops.abs") == ["y is missing", "z is missing"]
    monkeypatch.setitem(API, "layers.Flatten", ["data_format='channels_first'"])
    assert differences("layers.Flatten") == ["data_format=None instead of 'channels_first'"]
    monkeypatch.setitem(API, "ops.add", ["x2", "x1"])
    assert len(differences("ops.add")) == 2
    assert find("ops.nonsense") is None
