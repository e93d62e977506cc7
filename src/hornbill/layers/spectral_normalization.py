"""SpectralNormalization: a wrapper that keeps a kernel's largest singular value at 1."""

import jax
import jax.numpy as jnp

from .. import initializers, ops
from .base import Layer
from .spatial import positive_int
from .wrapper import Wrapper


class SpectralNormalization(Wrapper):
    """Divides the kernel of a layer by its largest singular value at each training step.

    The value is found by power iteration from the vector of the step before. The kernel itself is
    replaced, so that inference sees the normalized one. https://arxiv.org/abs/1802.05957

    Args:
        layer: a layer with a `kernel` (`Dense`, `Conv2D`, ...) or `embeddings`.
        power_iterations: iterations a step.

    Output shape: the layer's. Weights: those of the layer, and not trained `vector_u`, the
    estimate of the singular vector, of shape `(1, kernel.shape[-1])`.

    Raises:
        ValueError: when it is built, if the layer has neither `kernel` nor `embeddings`.

    >>> import hornbill as hb
    >>> layer = hb.layers.SpectralNormalization(hb.layers.Dense(2), power_iterations=20)
    >>> _ = layer(hb.ops.ones((1, 3)), training=True)
    >>> round(float(hb.ops.norm(layer.kernel, 2)), 3)
    1.0
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs):
        super().__init__(layer, **kwargs)
        self.power_iterations = positive_int(self, power_iterations=power_iterations)

    def build(self, input_shape):
        self.layer.build(input_shape)
        self.kernel = getattr(self.layer, "kernel", None)
        if self.kernel is None:
            self.kernel = getattr(self.layer, "embeddings", None)
        if self.kernel is None:
            raise ValueError(
                f"Layer '{self.path}' (SpectralNormalization) wraps a layer with a kernel or "
                f"embeddings. Received: layer={self.layer}"
            )
        self.vector_u = self.add_weight(
            (1, self.kernel.shape[-1]),
            initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            autocast=False,
            name="vector_u",
        )

    def call(self, inputs, training=False):
        if training:
            vector, kernel = self.normalized_weights()
            self.vector_u.assign(vector)
            self.kernel.assign(kernel)
        return ops.cast(self.layer(inputs), self.compute_dtype)

    def normalized_weights(self) -> tuple[jax.Array, jax.Array]:
        """The next `vector_u`, and the kernel divided by its largest singular value."""
        kernel = self.kernel._stored()  # not cast: the result is kept, also in mixed precision
        matrix, u = kernel.reshape(-1, kernel.shape[-1]), self.vector_u.value
        for _ in range(self.power_iterations):
            v = ops.normalize(u @ matrix.T, axis=None)
            u = ops.normalize(v @ matrix, axis=None)
        u, v = jax.lax.stop_gradient((u, v))
        # A kernel of zeros stays as it is, and so does the estimate.
        zero = jnp.all(kernel == 0)
        sigma = jnp.where(zero, 1, (v @ matrix @ u.T)[0, 0])
        return jnp.where(zero, self.vector_u.value, u), kernel / sigma
