"""Penalties that training adds to the loss."""

from .lookup import deserialize, get, serialize
from .penalties import L1, L1L2, L2, OrthogonalRegularizer, Regularizer

# The other names under which Keras hands out the same classes.
l1 = L1
l2 = L2
l1_l2 = l1l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer
