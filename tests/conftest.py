"""Keras is the oracle: it runs on JAX, as Hornbill does."""

import os

import pytest

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("HORNBILL_CACHE", "off")  # what a test shows must not hang on an earlier run

collect_ignore = ["data/keras2/make.py"]  # a script for Keras 2, which is not installed


@pytest.fixture(autouse=True)
def fresh_names():
    """Automatic names start again, so that no test depends on those before it in its process.

    An error keeps all its frames: a test that fails should tell where.
    """
    from hornbill.engine import config
    from hornbill.engine.naming import reset_names

    reset_names()
    config.disable_traceback_filtering()
