"""LoRA: fine-tuning a weight by a product of two thin matrices. https://arxiv.org/abs/2106.09685"""

import inspect

import numpy as np

from .. import initializers, ops
from ..engine.context import current_context, enter_context, leave_context
from ..engine.variable import Variable


def adapted(name: str) -> property:
    """A layer's attribute that is its weight, plus the weight's LoRA product once there is one."""
    kept = f"_{name}"

    def read(layer):
        if kept not in layer.__dict__:
            raise AttributeError(
                f"Layer '{layer.path}' has no {name} before it is built: call it on data first."
            )
        weight = layer.__dict__[kept]
        if not layer.lora_enabled:
            return weight
        return weight + layer._lora_scale * ops.matmul(layer._lora_a, layer._lora_b)

    def write(layer, weight):
        setattr(layer, kept, weight)

    return property(read, write)


class LoRA:
    """What a layer needs for `enable_lora`; a base class beside `Layer`.

    The layer names the adapted weight in `_lora_target`, defines it as `adapted(name)`, and calls
    `_set_lora` in its constructor and `_build_lora` at the end of `build`.
    """

    _lora_target = "kernel"
    lora_enabled = False

    def _set_lora(self, rank, alpha, quantization_config=None) -> None:
        if quantization_config is not None:
            raise ValueError(
                f"{type(self).__name__} cannot be quantized: Hornbill has no quantizers. "
                f"Received: quantization_config={quantization_config!r}"
            )
        if rank is not None:
            self._check_lora(rank)
        self.lora_rank = rank
        self.lora_alpha = rank if alpha is None else alpha

    def _check_lora(self, rank) -> None:
        if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
            raise ValueError(
                f"{type(self).__name__}'s LoRA has a rank, a positive int. "
                f"Received: lora_rank={rank!r}"
            )
        constraint = getattr(self, f"{self._lora_target}_constraint")
        if constraint is not None:
            raise ValueError(
                f"{type(self).__name__} cannot have LoRA and a constraint on its "
                f"{self._lora_target}: the constraint would hold for a part of it alone. "
                f"Received: {self._lora_target}_constraint={constraint!r}"
            )

    def enable_lora(
        self, rank: int, lora_alpha=None, a_initializer="he_uniform", b_initializer="zeros"
    ) -> None:
        """Freezes the weight and trains a low-rank product beside it.

        The layer then computes with `weight + lora_alpha / rank * (a @ b)`. Files hold the sum.

        Args:
            rank: the inner size of the product.
            lora_alpha: the product's factor, before it is divided by `rank`; `rank` when None.
            a_initializer, b_initializer: how `a` and `b` start.

        Raises:
            ValueError: if the layer is not built, has LoRA already, or constrains the weight.

        >>> import hornbill as hb
        >>> layer = hb.layers.Dense(4)
        >>> layer.build((None, 6))
        >>> layer.enable_lora(rank=2)
        >>> [(w.name, w.shape) for w in layer.trainable_weights]
        [('bias', (4,)), ('lora_kernel_a', (6, 2)), ('lora_kernel_b', (2, 4))]
        """
        if not self.built or self.lora_enabled:
            state = "has LoRA already" if self.lora_enabled else "is not built: call it first"
            raise ValueError(f"Layer '{self.path}' {state}. Received: rank={rank!r}")
        self._check_lora(rank)
        self._set_lora(rank, lora_alpha)
        context = current_context()
        token = enter_context(context._replace(path=self.path, autocast=None))
        try:
            self._build_lora(a_initializer, b_initializer)
        finally:
            leave_context(token)
        # The layer's config says it too, so that a copy has the same weights.
        args, kwargs = self._arguments
        bound = inspect.signature(type(self).__init__).bind(self, *args, **kwargs)
        bound.arguments.update(lora_rank=self.lora_rank, lora_alpha=self.lora_alpha)
        self._arguments = bound.args[1:], bound.kwargs

    def _build_lora(self, a_initializer="he_uniform", b_initializer="zeros") -> None:
        if self.lora_rank is None:
            return
        name, weight = self._lora_target, self._adapted_weight()
        regularizer = getattr(self, f"{name}_regularizer")
        # float32 whatever the policy: fine-tuning takes steps too small for 16 bits.
        for part, shape, initializer in (
            ("a", (*weight.shape[:-1], self.lora_rank), a_initializer),
            ("b", (self.lora_rank, weight.shape[-1]), b_initializer),
        ):
            variable = self.add_weight(
                shape,
                initializers.get(initializer),
                dtype="float32",
                regularizer=regularizer,
                name=f"lora_{name}_{part}",
            )
            setattr(self, f"lora_{name}_{part}", variable)
        weight.trainable = False
        self.lora_enabled = True

    _lora_a = property(lambda self: getattr(self, f"lora_{self._lora_target}_a"))
    _lora_b = property(lambda self: getattr(self, f"lora_{self._lora_target}_b"))
    _lora_scale = property(lambda self: self.lora_alpha / self.lora_rank)

    def _adapted_weight(self) -> Variable:
        return self.__dict__[f"_{self._lora_target}"]

    def _saved_variables(self) -> list[Variable]:
        return [v for v in self._own_variables() if v is not self._lora_a and v is not self._lora_b]

    def save_own_variables(self, store) -> None:
        """Puts the weights into `store`, with the LoRA product added to its weight."""
        if not self.lora_enabled:
            return super().save_own_variables(store)
        for i, variable in enumerate(self._saved_variables()):
            merged = variable is self._adapted_weight()
            store[str(i)] = np.array(getattr(self, self._lora_target) if merged else variable)

    def load_own_variables(self, store) -> None:
        """Sets the weights from `store` and the LoRA product to zero."""
        if not self.lora_enabled:
            return super().load_own_variables(store)
        saved = self._saved_variables()
        if len(saved) != len(store):
            raise ValueError(
                f"Layer '{self.path}' has {len(saved)} weights of its own beside its LoRA, the "
                f"file {len(store)}."
            )
        for i, variable in enumerate(saved):
            variable.assign(store[str(i)])
        # `a` keeps its values: with both at zero, no gradient would reach either.
        self._lora_b.assign(np.zeros(self._lora_b.shape))
