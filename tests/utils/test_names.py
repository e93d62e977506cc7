"""Keras's names and signatures of utils, datasets, tree and preprocessing."""

import inspect

import keras
import pytest

import hornbill as hb

# Each left out for a reason: another issue's, or to come with the preprocessing layers.
LEFT_OUT = {"utils": {"FeatureSpace", "model_to_dot", "plot_model"}}
# Handed on from hornbill.saving, whose tests hold their signatures.
SAVING = {
    "utils": {"deserialize_keras_object", "get_registered_name", "serialize_keras_object"},
}
MODULES = [
    "utils",
    "utils.bounding_boxes",
    "utils.legacy",
    "tree",
    "preprocessing",
    "preprocessing.image",
    "preprocessing.sequence",
    *(f"datasets.{n}" for n in dir(keras.datasets) if not n.startswith("_")),
]


def find(root, path):
    for part in path.split("."):
        root = getattr(root, part)
    return root


@pytest.mark.parametrize("path", MODULES)
def test_names_and_parameters(path):
    theirs, ours = find(keras, path), find(hb, path)
    names = {n for n in dir(theirs) if not n.startswith("_")} - LEFT_OUT.get(path, set())
    assert names
    for name in names:
        expected, found = getattr(theirs, name), getattr(ours, name)
        if inspect.ismodule(expected) or name == "MAP_TO_NONE" or name in SAVING.get(path, ()):
            continue
        signatures = [inspect.signature(f).parameters.values() for f in (found, expected)]
        parameters = [[(p.name, p.default, p.kind) for p in s] for s in signatures]
        assert parameters[0] == parameters[1], name
        if inspect.isclass(expected):
            methods = {n for n in vars(expected) if not n.startswith("_")}
            assert methods <= set(dir(found)), name
