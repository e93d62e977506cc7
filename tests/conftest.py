"""Keras is the oracle: it runs on JAX, as Hornbill does."""

import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

# pytest puts this folder on the path, where `tests/tensorflow` would pass for the package of that
# name, which Keras uses when it is there.
sys.modules.setdefault("tensorflow", None)
