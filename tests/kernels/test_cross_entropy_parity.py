"""The cross-entropy of logits against its formula, whose derivatives are JAX's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kernel_parity import check_kernel, normal

import hornbill as hb

# The shape of the logits, the classes' axis, and labels, of which some are no class.
CASES = {
    "rows": ((5, 7), -1, [0, 6, 3, -1, 7]),
    "one": ((3,), 0, 2),
    "in front": ((4, 4), 0, [1, 0, 3, 9]),
    "images": ((2, 3, 1, 5), -1, [[[0], [4], [2]], [[1], [-3], [5]]]),
}


def plain(labels, logits, axis):
    rest = jnp.moveaxis(logits, axis, -1)
    logs = rest - jax.scipy.special.logsumexp(rest, axis=-1, keepdims=True)
    chosen = jnp.asarray(labels)[..., None] == jnp.arange(rest.shape[-1])
    return -jnp.where(chosen, logs, 0).sum(-1)


@pytest.mark.parametrize("case", CASES)
def test_value_and_gradients(case):
    shape, axis, labels = CASES[case]

    def kernel(logits):
        loss = hb.ops.sparse_categorical_crossentropy(labels, logits, from_logits=True, axis=axis)
        return loss.astype(logits.dtype)

    check_kernel(kernel, lambda logits: plain(labels, logits, axis), [normal(0, *shape)])


@pytest.mark.parametrize("case", CASES)
def test_second_derivatives(case):
    shape, axis, labels = CASES[case]

    def ours(logits):
        losses = hb.ops.sparse_categorical_crossentropy(labels, logits, from_logits=True, axis=axis)
        return jnp.sum(jnp.sin(losses))

    got = jax.jacfwd(jax.grad(ours))(normal(0, *shape))
    right = jax.jacfwd(jax.grad(lambda z: jnp.sum(jnp.sin(plain(labels, z, axis)))))
    np.testing.assert_allclose(got, right(normal(0, *shape)), rtol=1e-4, atol=1e-5)


def test_far_from_zero():
    logits = np.array([[1e4, -1e4, 0], [-3e38, 3e38, 1]], "float32")

    def loss(logits):
        return hb.ops.sparse_categorical_crossentropy([1, 1], logits, from_logits=True)[0]

    np.testing.assert_allclose(loss(logits), 2e4)
    np.testing.assert_allclose(jax.grad(loss)(logits), [[1, -1, 0], [0, 0, 0]])
