"""Muon: momentum made orthogonal, for matrices; AdamW for everything else."""

import re

import jax.numpy as jnp

from ..kernels import adam
from .adam import corrected_rate, moments
from .base import Optimizer
from .options import check, check_count, options
from .state import zeros


class Muon(Optimizer):
    """Updates a matrix by the orthogonal matrix that is nearest to its momentum.

    Variables that are not matrices, embeddings and excluded ones are updated by AdamW.

    Args:
        learning_rate: see `Optimizer`; of the matrices.
        adam_beta_1, adam_beta_2, epsilon: AdamW's; see `Adam`.
        adam_weight_decay: weight decay of what AdamW updates; None for none.
        weight_decay: weight decay of the matrices; None for none.
        exclude_layers: regular expressions; a variable in whose path one is found goes to AdamW.
        exclude_embeddings: whether variables with "embedding" in their path go to AdamW.
        muon_a, muon_b, muon_c: coefficients of the iteration `aX + b(XX')X + c(XX')^2 X`.
        adam_lr_ratio: AdamW's learning rate over that of the matrices.
        momentum: how much of the old momentum stays, from 0 to 1.
        ns_steps: the number of iterations.
        nesterov: whether the gradient is taken to lie one step of momentum ahead.
        rms_rate: the updates' root mean square, 0.2 being near to AdamW's; None leaves them
            orthogonal as they are.
        **options: see `Optimizer`.

    Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/; `rms_rate`: Liu et
    al. 2025, https://arxiv.org/abs/2502.16982

    >>> import hornbill as hb
    >>> w = hb.Variable([[1.0, 0.0], [0.0, 1.0]])
    >>> hb.optimizers.Muon(0.1, weight_decay=None).apply([hb.ops.eye(2)], [w])
    >>> bool(w.numpy()[0, 0] < 1.0)
    True
    """

    @options
    def __init__(
        self,
        learning_rate=0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        *,
        exclude_layers: list[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **options,
    ):
        super().__init__(learning_rate, weight_decay=weight_decay, **options)
        check(self, 0, 1, adam_beta_1=adam_beta_1, adam_beta_2=adam_beta_2, momentum=momentum)
        check(self, epsilon=epsilon, adam_lr_ratio=adam_lr_ratio)
        check_count(self, 1, ns_steps=ns_steps)
        optional = {"adam_weight_decay": adam_weight_decay, "rms_rate": rms_rate}
        check(self, **{k: v for k, v in optional.items() if v is not None})
        self.adam_beta_1, self.adam_beta_2, self.epsilon = adam_beta_1, adam_beta_2, epsilon
        self.adam_weight_decay, self.adam_lr_ratio = adam_weight_decay, adam_lr_ratio
        self.exclude_layers = list(exclude_layers or ())
        self.exclude_embeddings = exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c = muon_a, muon_b, muon_c
        self.momentum, self.nesterov = momentum, nesterov
        self.ns_steps, self.rms_rate = ns_steps, rms_rate

    def _is_for_adamw(self, variable) -> bool:
        path = variable.path
        return (
            len(variable.shape) != 2
            or (self.exclude_embeddings and "embedding" in path.lower())
            or any(re.search(pattern, path) for pattern in self.exclude_layers)
        )

    def weight_decay_of(self, variable):
        excluded = self.weight_decay is not None and super().weight_decay_of(variable) is None
        if self._is_for_adamw(variable):
            return None if excluded else self.adam_weight_decay
        return None if excluded else self.weight_decay

    def init(self, variable):
        return zeros(variable, "momentum", *["velocity"] * self._is_for_adamw(variable))

    def update(self, gradient, value, slots, learning_rate, step):
        if "velocity" in slots:
            return self._adamw(gradient, value, slots, learning_rate * self.adam_lr_ratio, step)
        m = gradient + self.momentum * slots["momentum"]
        ahead = gradient + self.momentum * m if self.nesterov else m
        move = learning_rate * self.zeropower_via_newtonschulz5(ahead, self.ns_steps)
        return value - self.lr_adjust(move), {"momentum": m}

    def _adamw(self, gradient, value, slots, learning_rate, step):
        m, v = moments(gradient, slots, self.adam_beta_1, self.adam_beta_2)
        rate = corrected_rate(learning_rate, self.adam_beta_1, self.adam_beta_2, step)
        return adam.moved(value, m, v, rate, self.epsilon), {"momentum": m, "velocity": v}

    def transpose_last_axis(self, X):
        """Each matrix transposed."""
        return jnp.swapaxes(X, -1, -2)

    def lr_adjust(self, x):
        """An orthogonal update scaled to the root mean square `rms_rate`."""
        return x if self.rms_rate is None else x * (max(x.shape) ** 0.5 * self.rms_rate)

    def zeropower_via_newtonschulz5(self, x, steps: int):
        """Roughly the orthogonal matrix nearest to `x`: its singular values pushed towards 1."""
        if x.ndim < 2:
            raise ValueError(f"Muon makes matrices orthogonal. Received: shape {x.shape}")
        # The wide form has the smaller products.
        tall = x.shape[-2] > x.shape[-1]
        x = self.transpose_last_axis(x) if tall else x
        x = x / (jnp.linalg.norm(x, axis=(-2, -1), keepdims=True) + 1e-7)
        for _ in range(steps):
            square = x @ self.transpose_last_axis(x)
            x = self.muon_a * x + (self.muon_b * square + self.muon_c * square @ square) @ x
        return self.transpose_last_axis(x) if tall else x
