"""Keras is the oracle: it runs on JAX, as Hornbill does."""

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
