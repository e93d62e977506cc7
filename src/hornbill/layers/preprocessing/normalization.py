"""Normalization: zero mean and unit variance, by statistics of the data."""

import jax.numpy as jnp
import numpy as np

from ...engine.config import epsilon
from .adapt import AdaptableLayer
from .arrays import ArrayLayer


class Normalization(ArrayLayer, AdaptableLayer):
    """`(inputs - mean) / sqrt(variance)`, with statistics given or learned by `adapt`.

    Args:
        axis: the axis or axes whose positions have statistics of their own; the last one by
            default, so that each feature is normalized by itself. None has one mean and one
            variance for all. For a batch of scalars take None: their only axis is the batch.
        mean, variance: the statistics, given together; they broadcast to the shape of the axes.
        invert: whether normalized values are turned back: `inputs * sqrt(variance) + mean`.

    Input and output shape: any, the same; the sizes along `axis` are known.
    Weights (not trainable, none where the statistics are given): `mean` and `variance` with the
    axes' shape, `count`.

    >>> import hornbill as hb, numpy as np
    >>> layer = hb.layers.Normalization()
    >>> layer.adapt(np.array([[0.0, 10.0], [2.0, 30.0]]))
    >>> layer(np.array([[2.0, 20.0]])).tolist()
    [[1.0, 0.0]]
    """

    def __init__(self, axis=-1, mean=None, variance=None, invert: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean, self.input_variance, self.invert = mean, variance, invert
        self.supports_masking = True
        self._statistics = None
        if (mean is None) != (variance is None):
            raise ValueError(
                "Normalization takes mean and variance together, or neither and adapt(data). "
                f"Received: mean={mean}, variance={variance}"
            )
        if mean is not None and np.shape(mean) != np.shape(variance):
            raise ValueError(
                "Normalization's mean and variance have the same shape. Received shapes: "
                f"mean {np.shape(mean)}, variance {np.shape(variance)}"
            )
        if np.ndim(mean) > len(self.axis):
            raise ValueError(
                f"Normalization's mean has at most one dimension for each axis of {self.axis}. "
                f"Received: a mean of shape {np.shape(mean)}"
            )

    def build(self, input_shape):
        ndim = len(input_shape)
        if any(not -ndim <= a < ndim for a in self.axis):
            raise ValueError(
                f"Normalization's axis lies in [-{ndim}, {ndim}) for inputs of shape "
                f"{tuple(input_shape)}. Received: axis={self.axis}"
            )
        kept = sorted(a % ndim for a in self.axis)
        if any(input_shape[a] is None for a in kept):
            raise ValueError(
                "Normalization needs the size of the inputs along its axes. "
                f"Received: axis={self.axis}, inputs of shape {tuple(input_shape)}"
            )
        shape = tuple(input_shape[a] for a in kept)
        self._reduced = tuple(a for a in range(ndim) if a not in kept)
        # How statistics of the kept axes stand beside the inputs.
        self._aligned = tuple(input_shape[a] if a in kept else 1 for a in range(ndim))
        if self.input_mean is None:
            weight = {"shape": shape, "trainable": False}
            self.adapt_mean = self.add_weight(initializer="zeros", name="mean", **weight)
            self.adapt_variance = self.add_weight(initializer="ones", name="variance", **weight)
            self.count = self.add_weight(
                (), initializer="zeros", dtype="int32", trainable=False, name="count"
            )
        else:
            self._given = [
                np.broadcast_to(np.asarray(value, "float32"), shape).reshape(self._aligned)
                for value in (self.input_mean, self.input_variance)
            ]

    def _statistic(self, given: int, learned: str):
        if self.input_mean is not None:
            return jnp.asarray(self._given[given], self.compute_dtype)
        return getattr(self, learned).value.reshape(self._aligned).astype(self.compute_dtype)

    mean = property(lambda self: self._statistic(0, "adapt_mean") if self.built else None)
    variance = property(lambda self: self._statistic(1, "adapt_variance") if self.built else None)

    def call(self, inputs):
        x = jnp.asarray(inputs).astype(self.compute_dtype)
        deviation = jnp.maximum(jnp.sqrt(self.variance), epsilon())
        return self.mean + x * deviation if self.invert else (x - self.mean) / deviation

    def adapt(self, data) -> None:
        """Computes mean and variance.

        Args:
            data: one array, or an iterable of batches (a dataset, a generator, a list of
                arrays). Of a batch that is a tuple, `(x, y)`, the first item counts.

        Raises:
            ValueError: when mean and variance were given, when the batches do not fit the shape
                that the layer was built for, and when there are none.
        """
        super().adapt(data)

    @property
    def fixed(self) -> bool:
        return self.input_mean is not None

    def reset_state(self) -> None:
        if self.fixed:
            raise ValueError(
                "Normalization has fixed statistics, there is nothing to adapt. Leave mean= and "
                f"variance= out to learn them. Received: mean={self.input_mean}, "
                f"variance={self.input_variance}"
            )
        self._statistics = None

    def update_state(self, data) -> None:
        batch = np.asarray(data)
        if not self.built:
            self.build(batch.shape)
        expected = tuple(None if a in self._reduced else n for a, n in enumerate(self._aligned))
        if batch.ndim != len(expected) or any(
            n is not None and n != m for n, m in zip(expected, batch.shape, strict=True)
        ):
            raise ValueError(
                f"Normalization was built for inputs of shape {expected}: the data has these "
                f"sizes along axis={self.axis}. Received: a batch of shape {batch.shape}"
            )
        # In float64: large offsets would drown the variance in float32.
        mean = batch.mean(self._reduced, dtype="float64")
        variance = batch.var(self._reduced, dtype="float64")
        count = int(np.prod([batch.shape[a] for a in self._reduced]))
        if self._statistics is not None:
            old_mean, old_variance, old_count = self._statistics
            total = old_count + count
            share = count / total
            shift = mean - old_mean
            # Variance within the two parts, and between them.
            variance = old_variance * (1 - share) + variance * share
            variance = variance + share * (1 - share) * shift**2
            mean, count = old_mean + share * shift, total
        self._statistics = (mean, variance, count)

    def finalize_state(self) -> None:
        if self._statistics is not None:
            self.adapt_mean.assign(self._statistics[0])
            self.adapt_variance.assign(self._statistics[1])

    def get_config(self) -> dict:
        plain = {
            name: None if value is None else np.asarray(value).tolist()
            for name, value in (("mean", self.input_mean), ("variance", self.input_variance))
        }
        return {**super().get_config(), "axis": list(self.axis) or None, **plain}
