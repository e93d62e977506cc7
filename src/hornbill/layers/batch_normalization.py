"""BatchNormalization, and batch renormalization."""

import jax
import jax.numpy as jnp

from .. import initializers, ops
from ..engine import config
from .input_spec import InputSpec
from .normalization_base import AffineNormalization, places_of


class BatchNormalization(AffineNormalization):
    """`(x - mean) / sqrt(variance + epsilon) * gamma + beta`, one mean and variance per feature.

    In training they are those of the batch, and running averages of them are kept:
    `moving = moving * momentum + batch * (1 - momentum)`. Otherwise, and where the layer is frozen
    (`trainable = False`), the averages are used. Under a data-parallel `Distribution` a compiled
    step's batch is one global array, so the statistics span all devices.

    https://arxiv.org/abs/1502.03167, renormalization: https://arxiv.org/abs/1702.03275

    Args:
        axis: the axis of the features.
        momentum: how much of the moving averages stays at each step, 0 to 1.
        epsilon: added to the variance.
        center: whether `beta` is added.
        scale: whether there is a factor `gamma`.
        beta_initializer, gamma_initializer, moving_mean_initializer,
            moving_variance_initializer: how the weights start.
        beta_regularizer, gamma_regularizer: penalties on the weights.
        beta_constraint, gamma_constraint: applied to the weights after each update.
        renorm: whether training, too, normalizes by slowly moving averages: the batch's result
            is corrected by `* r + d`, through which no gradient flows.
        renorm_clipping: limits of the correction, `{"rmin", "rmax", "dmax"}`, each optional:
            `r` to `[rmin, rmax]`, `d` to `[-dmax, dmax]`.
        renorm_momentum: the momentum of the averages that `renorm` uses.
        synchronized: must stay False (see above).

    Call arguments: `inputs`, `training`, and `mask` of the shape `inputs.shape[:-1]`: what it
    leaves out is normalized, but does not count in the batch's statistics.
    Output shape: the input's.
    Weights: `gamma`, `beta`, and not trained `moving_mean`, `moving_variance`, each of the size of
    the axis; with `renorm` also `moving_stddev`, `renorm_mean`, `renorm_stddev`.

    >>> import hornbill as hb
    >>> layer = hb.layers.BatchNormalization(epsilon=0.0)
    >>> layer(hb.ops.array([[1.0], [3.0]]), training=True).tolist()
    [[-1.0], [1.0]]
    >>> round(float(layer.moving_mean[0]), 4)
    0.02
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        renorm: bool = False,
        renorm_clipping: dict | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs,
    ):
        super().__init__(
            epsilon,
            center,
            scale,
            (beta_initializer, gamma_initializer),
            (beta_regularizer, gamma_regularizer),
            (beta_constraint, gamma_constraint),
            **kwargs,
        )
        # Keras 2's files say [3] for 3.
        self.axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
        if isinstance(self.axis, bool) or not isinstance(self.axis, int):
            raise TypeError(f"BatchNormalization's axis is an int. Received: axis={axis!r}")
        self.momentum = _check_momentum("momentum", momentum)
        self.renorm_momentum = _check_momentum("renorm_momentum", renorm_momentum)
        if synchronized:
            raise ValueError(
                "BatchNormalization has no synchronized=True: under a data-parallel Distribution "
                "a compiled step sees the whole batch, so the statistics span all devices as it "
                "is. Leave it False. Received: synchronized=True"
            )
        self.synchronized = False
        self.moving_mean_initializer = moving_mean_initializer
        self.moving_variance_initializer = moving_variance_initializer
        self.renorm = renorm
        self.renorm_clipping = _check_clipping(renorm_clipping or {}) if renorm else renorm_clipping

    def build(self, input_shape):
        (place,) = places_of(self, input_shape)
        shape = (input_shape[place],)
        self._reduced = tuple(a for a in range(len(input_shape)) if a != place)
        self.add_gamma_and_beta(shape)

        def statistic(name, initializer):
            return self.add_weight(shape, initializer, trainable=False, autocast=False, name=name)

        def stddev(shape, dtype=None):
            return jnp.sqrt(initializers.get(self.moving_variance_initializer)(shape, dtype=dtype))

        self.moving_mean = statistic("moving_mean", self.moving_mean_initializer)
        self.moving_variance = statistic("moving_variance", self.moving_variance_initializer)
        if self.renorm:
            self.moving_stddev = statistic("moving_stddev", stddev)
            self.renorm_mean = statistic("renorm_mean", self.moving_mean_initializer)
            self.renorm_stddev = statistic("renorm_stddev", stddev)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: shape[0]})

    def call(self, inputs, training=None, mask=None):
        if mask is not None and mask.ndim != inputs.ndim - 1:
            raise ValueError(
                f"Layer '{self.path}' takes a mask with one dimension less than its input. "
                f"Received: mask.shape={mask.shape}, inputs.shape={inputs.shape}"
            )
        # 16-bit inputs would overflow in the variance.
        x = ops.cast(inputs, jnp.promote_types(inputs.dtype, "float32"))
        gamma, beta = (None if w is None else w.value for w in (self.gamma, self.beta))
        if training and self.trainable:
            mean, variance = self._moments(x, mask)
            if self.renorm:
                stddev = jnp.sqrt(variance + self.epsilon)
                gamma, beta = self._correct(mean, stddev, gamma, beta)
                self._note_renorm(mean, stddev)
            else:
                _move(self.moving_mean, mean, self.momentum)
                _move(self.moving_variance, variance, self.momentum)
        else:
            mean, variance = self.moving_mean.value, self.moving_variance.value
        x = ops.batch_normalization(x, mean, variance, self.axis, beta, gamma, self.epsilon)
        return ops.cast(x, self.compute_dtype)

    def _moments(self, x, mask):
        if mask is None:
            return ops.moments(x, self._reduced)
        inside = jnp.broadcast_to(jnp.asarray(mask, bool)[..., None], x.shape)
        count = inside.sum(self._reduced) + config.epsilon()
        mean = jnp.where(inside, x, 0).sum(self._reduced) / count
        off = x - jnp.expand_dims(mean, self._reduced)
        return mean, jnp.where(inside, off * off, 0).sum(self._reduced) / count

    def _correct(self, mean, stddev, gamma, beta):
        """`gamma` and `beta` that also hold the correction: `(x*r + d)*gamma + beta`."""
        average = jnp.maximum(self.renorm_stddev.value, self.epsilon**0.5)
        clip = self.renorm_clipping
        r = jnp.clip(stddev / average, clip.get("rmin"), clip.get("rmax"))
        d = (mean - self.renorm_mean.value) / average
        if clip.get("dmax") is not None:
            d = jnp.clip(d, -clip["dmax"], clip["dmax"])
        r, d = jax.lax.stop_gradient((r, d))
        if gamma is not None:
            r, d = r * gamma, d * gamma
        return r, d if beta is None else d + beta

    def _note_renorm(self, mean, stddev):
        _move(self.renorm_mean, mean, self.renorm_momentum)
        _move(self.renorm_stddev, stddev, self.renorm_momentum)
        _move(self.moving_mean, mean, self.momentum)
        _move(self.moving_stddev, stddev, self.momentum)
        # Inference uses the variance that belongs to the averaged deviation.
        variance = self.moving_stddev.value**2 - self.epsilon
        self.moving_variance.assign(jnp.maximum(variance, 0))


def _move(average, value, momentum):
    average.assign(average.value * momentum + value * (1 - momentum))


def _check_momentum(name, value) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError(
            f"BatchNormalization's {name} is a number from 0 to 1. Received: {name}={value!r}"
        )
    return float(value)


def _check_clipping(clip: dict) -> dict:
    wrong = set(clip) - {"rmin", "rmax", "dmax"}
    low, high, most = (clip.get(k) for k in ("rmin", "rmax", "dmax"))
    crossed = low is not None and high is not None and low > high
    if wrong or crossed or (most is not None and most < 0):
        raise ValueError(
            "BatchNormalization's renorm_clipping is a dict with some of 'rmin' <= 'rmax' and "
            f"'dmax' >= 0. Received: renorm_clipping={clip}"
        )
    return clip
