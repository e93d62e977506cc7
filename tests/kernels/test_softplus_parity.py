"""Softplus against `logaddexp`, whose gradients are the compiler's own."""

import jax
import jax.numpy as jnp
import numpy as np
import scipy.special
from kernel_parity import check_kernel, normal

from hornbill.kernels.softplus import softplus

ENDS = np.array([-1e4, -104, -88, -30, -9, -0.5, 0, 0.5, 9, 30, 88, 104, 1e4], "float32")


def plain(x):
    return jnp.logaddexp(x, 0)


def test_value_and_gradients():
    check_kernel(softplus, plain, [3 * normal(0, 7, 5)])


def test_slopes_far_out():
    """To the second derivative, and without a NaN where `exp` is infinite or 0."""
    x = ENDS.astype("float64")
    slope = scipy.special.expit(x)
    expected = np.logaddexp(x, 0), slope, slope * scipy.special.expit(-x)
    functions = softplus, jax.grad(softplus), jax.grad(jax.grad(softplus))
    got = jax.jit(lambda x: [jax.vmap(f)(x) for f in functions])(ENDS)
    # The last is a product with 1 - slope, of which float32 keeps seven digits of the 1.
    for one, other, least in zip(got, expected, (1e-38, 1e-38, 1e-7), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=least)


def test_infinities():
    got = softplus(jnp.array([-jnp.inf, jnp.inf, jnp.nan]))
    np.testing.assert_array_equal(got, [0, np.inf, np.nan])
