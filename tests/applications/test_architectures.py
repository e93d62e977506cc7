"""Every architecture against Keras's: layers, names, settings, links, weights.

`tests/data/applications.json` holds digests of Keras's, made by `facts.py`; a few are compared with
Keras itself, so that a digest says what differs.
"""

import json

import facts
import keras
import pytest

import hornbill as hb

TABLE = json.loads(facts.TABLE.read_text())
NAMES = facts.names(hb.applications)


@pytest.fixture(autouse=True)
def zeros(monkeypatch):
    """Drawing weights would take most of the time."""
    for library in (hb, keras):
        for kind in facts.drawn(library):
            monkeypatch.setattr(kind, "__call__", library.initializers.Zeros().__call__)
    keras.utils.clear_session()


def test_every_architecture_is_known():
    assert {facts.key(name, top) for name in NAMES for top in (True, False)} == set(TABLE)


@pytest.mark.parametrize("top", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_it_is_what_keras_builds(name, top):
    assert facts.digest(facts.build(hb, name, top)) == TABLE[facts.key(name, top)]


@pytest.mark.parametrize("name", ["VGG16"])
def test_layer_by_layer(name):
    ours, theirs = (facts.facts(facts.build(library, name, False)) for library in (hb, keras))
    assert ours == theirs
